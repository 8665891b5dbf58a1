"""Who needs a second factor, and what a sign-in still lacks."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts import sessions
from accounts.models import Factor, FactorKind, RolePolicy, User, UserSession
from accounts.problems import NotAllowed
from toolbox.events import emit

#: What a provider says when it saw to a second factor itself.
DONE_THERE = "mfa"
_PROOFS = frozenset({"totp", "passkey", "recovery code", DONE_THERE})
_OWED = "a second factor is asked for"


class Lacking(StrEnum):
    """What is left to do after the first proof."""

    NOTHING = "nothing"
    FACTOR = "factor"
    SETTING_UP = "setting up"


def factors(user: User) -> list[Factor]:
    """What ``user`` can prove themselves with; recovery codes alone are no factor."""
    found = list(user.factors.all())
    return found if any(factor.kind != FactorKind.RECOVERY for factor in found) else []


def is_required(user: User) -> bool:
    """Whether a role that ``user`` has, by group or by grant, asks for a second factor."""
    roles = set(user.roles) | {grant.role for grant in user.grant_list}
    return RolePolicy.objects.filter(role__name__in=roles, requires_mfa=True).exists()


def is_proved(methods: Iterable[str]) -> bool:
    """Whether a sign-in that was proved by ``methods`` had a second factor."""
    return not _PROOFS.isdisjoint(methods)


def end_if_owed(session: UserSession) -> None:
    """End a session that began without the second factor that its user's roles now ask for."""
    if not is_proved(session.methods) and is_required(session.user):
        sessions.end(session, _OWED)


def end_owed(actor: User | None, users: QuerySet[User], target: User | str) -> None:
    """End the sessions of ``users`` that began without a second factor; not those of ``actor``,
    who is at work in one."""
    alive = UserSession.objects.alive().filter(user__in=users)
    if actor is not None:
        alive = alive.exclude(user=actor)
    found = alive.values_list("pk", "methods")
    owed = [pk for pk, methods in found if not is_proved(methods)]
    sessions.end_these(owed, _OWED, actor, target)


@transaction.atomic
def require(actor: User, role: str, wanted: bool) -> None:
    """Ask whoever has ``role`` for a second factor, or stop. Sessions that began without one end,
    but for those of ``actor``."""
    if not actor.is_system_admin or not actor.has_perm("accounts.change_user"):
        raise NotAllowed(gettext("You may not change what roles ask for."))
    group = Group.objects.get(name=role)
    present = RolePolicy.objects.filter(role=group, requires_mfa=True).exists()
    if present == wanted:
        return
    RolePolicy.objects.update_or_create(role=group, defaults={"requires_mfa": wanted})
    changes = {"requires_mfa": [present, wanted]}
    emit("role.changed", actor=actor, target=role, changes=changes)
    if wanted:
        holders = User.objects.filter(Q(groups=group) | Q(grants__role=role))
        end_owed(actor, holders, role)


def lacking(user: User, methods: tuple[str, ...]) -> Lacking:
    """What ``user``, who proved themselves by ``methods``, still has to do."""
    if DONE_THERE in methods:
        return Lacking.NOTHING
    if factors(user):
        return Lacking.FACTOR
    return Lacking.SETTING_UP if is_required(user) else Lacking.NOTHING
