"""Proving a second factor, adding and removing one: throttled and audited."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from accounts import throttle
from accounts.mfa import passkeys, policy, recovery, totp
from accounts.mfa.problems import FactorRefused
from accounts.models import Factor, FactorKind, User
from accounts.problems import NotAllowed
from accounts.rules import may_edit
from toolbox.events import emit
from toolbox.secrets import SecretsError

_WRONG = "The code is not right, or was used before."


def by_code(user: User, code: str) -> str:
    """Check a code of an app or a recovery code; returns which it was.

    Raises ``FactorRefused`` or ``LockedOut``.
    """
    attempt = throttle.begin_second_factor(user)
    if recovery.verify(user, code):  # the first, because it needs nothing but the database
        attempt.succeeded()
        return "recovery code"
    app = user.factors.filter(kind=FactorKind.TOTP).first()
    try:
        right = app is not None and totp.verify(app, code)
    except SecretsError:
        attempt.undone()
        raise
    if right:
        attempt.succeeded()
        return "totp"
    attempt.failed()
    emit("auth.mfa_failed", outcome="failure", target=user, kind="code", reason="wrong or spent")
    raise FactorRefused(_WRONG)


def by_passkey(user: User, state: dict[str, Any], answer: Any) -> str:
    """Check a passkey. Raises ``FactorRefused`` or ``LockedOut``."""
    attempt = throttle.begin_second_factor(user)
    try:
        passkeys.finish_proving(user, state, answer)
    except FactorRefused as refused:
        attempt.failed()
        emit("auth.mfa_failed", outcome="failure", target=user, kind="passkey", reason=str(refused))
        raise
    attempt.succeeded()
    return "passkey"


def add_app(user: User, code: str) -> Factor:
    """Add the authenticator app that is being set up, if it shows the right code.

    Raises ``FactorRefused``.
    """
    secret = totp.begin(user)
    step = totp.matching_step(secret, code)
    if step is None:
        raise FactorRefused(_WRONG)
    with transaction.atomic():
        user.factors.filter(kind=FactorKind.TOTP).delete()
        factor = totp.add(user, secret, step)
        emit("auth.mfa_added", actor=user, target=user, kind="totp")
    return factor


def add_passkey(user: User, state: dict[str, Any], answer: Any, name: str) -> Factor:
    """Add a passkey. Raises ``FactorRefused``."""
    with transaction.atomic():
        factor = passkeys.finish_adding(user, state, answer, name)
        emit("auth.mfa_added", actor=user, target=user, kind="passkey")
    return factor


@transaction.atomic
def remove_all(actor: User | None, user: User) -> int:
    """Remove every factor of somebody else, who lost theirs."""
    found = list(user.factors.select_related("user").exclude(kind=FactorKind.RECOVERY))
    for factor in found:
        remove(actor, factor)
    return len(found)


@transaction.atomic
def remove(actor: User | None, factor: Factor) -> None:
    """Remove a factor; with the last one go the recovery codes.

    One's own stays while a role asks for one. An administrator may take any, for somebody who
    lost theirs: they set up another at their next sign-in.
    """
    user = factor.user
    own = actor is not None and actor.pk == user.pk
    if not own and not may_edit(actor, user):
        raise NotAllowed(
            gettext("You may not change the account %(username)s.") % {"username": user.username}
        )
    others = [row for row in policy.factors(user) if row.pk != factor.pk]
    left = [row for row in others if row.kind != FactorKind.RECOVERY]
    if own and not left and factor.kind != FactorKind.RECOVERY and policy.is_required(user):
        raise NotAllowed(
            gettext("Your role asks for a second factor: add another before this one goes.")
        )
    if factor.kind == FactorKind.TOTP:
        totp.forget(user)
    emit("auth.mfa_removed", actor=actor, target=user, kind=factor.kind)
    factor.delete()
    if not left:
        user.factors.filter(kind=FactorKind.RECOVERY).delete()
