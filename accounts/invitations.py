"""Inviting people, and letting people who have an account set a new password."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from accounts import throttle, users
from accounts.mailing import outbox
from accounts.models import Invitation, User
from accounts.problems import NotAllowed
from accounts.roles import CORE_ROLES
from accounts.rules import SYSTEM, may_edit, may_give
from toolbox import context
from toolbox.events import emit
from toolbox.problems import Problem

LIFE = timedelta(days=7)
PASSWORD_LINK_LIFE = timedelta(days=1)
FORGOTTEN_LINK_LIFE = timedelta(hours=1)


class InvitationRefused(Problem):
    """A link that is not good. Why is nobody's business but the administrator's."""

    http_status = 404
    title = "The link is not good any more"

    def __init__(self) -> None:
        super().__init__("The link was used, has run out, or was taken back. Ask for a new one.")


@transaction.atomic
def invite(
    actor: User | None,
    *,
    email: str = "",
    username: str = "",
    roles: Iterable[str] = (),
    by_mail: bool = False,
) -> tuple[Invitation, str]:
    """Invite somebody; returns the row and the link, which is never seen again.

    With ``by_mail`` nobody sees it but whoever reads that mail: the link returned is empty.
    """
    wanted = sorted(set(roles))
    if actor is not SYSTEM and not actor.has_perm("accounts.add_user"):
        raise NotAllowed(gettext("You may not invite people."))
    if unknown := set(wanted) - set(CORE_ROLES):
        raise ValidationError(
            {
                "roles": gettext("There is no role %(unknown)s.")
                % {"unknown": ", ".join(sorted(unknown))}
            }
        )
    if refused := [role for role in wanted if not may_give(actor, role)]:
        raise NotAllowed(
            gettext("You may not give the role %(refused)s.") % {"refused": ", ".join(refused)}
        )
    _check_free(email, username)
    if by_mail:
        _check_mail(email)
    row, link = _make(actor, LIFE, email=email, username=username, roles=wanted)
    emit("user.invited", actor=actor, target=row, email=email, roles=wanted)
    return _handed_over(row, link, by_mail)


@transaction.atomic
def password_link(
    actor: User | None, user: User, *, by_mail: bool = False
) -> tuple[Invitation, str]:
    """Make a link by which ``user`` sets a new password; links of before are void."""
    if not may_edit(actor, user):
        raise NotAllowed(
            gettext("You may not change the account %(username)s.") % {"username": user.username}
        )
    if user.is_service:
        raise NotAllowed(gettext("Service accounts have no password."))
    if by_mail:
        _check_mail(user.email)
    row, link = _password_link(actor, user, PASSWORD_LINK_LIFE)
    emit("auth.password_reset_requested", actor=actor, target=user, via="an administrator")
    return _handed_over(row, link, by_mail)


def ask_for_password_link(address: str) -> None:
    """Send a link to whoever has this email address, for somebody who forgot their password.

    Nothing here depends on whether anybody has it. Raises ``LockedOut``.
    """
    attempt = throttle.begin_password_reset(address, context.current().address)
    attempt.failed()  # it counts whatever becomes of it
    with transaction.atomic():
        emit("auth.password_reset_requested", via="the page", email=address)
        outbox.forgotten(address)


@transaction.atomic
def forgotten_link(user: User) -> tuple[Invitation, str]:
    """The link that a mail to somebody who forgot their password holds."""
    return _password_link(SYSTEM, user, FORGOTTEN_LINK_LIFE)


def renew(row: Invitation) -> str:
    """Give an invitation a new link; the one of before is void."""
    token = secrets.token_urlsafe(32)
    row.digest = _digest(token)
    row.save(update_fields=["digest"])
    return _link(token)


@transaction.atomic
def withdraw(actor: User, row: Invitation) -> None:
    """Take an invitation back."""
    if not actor.has_perm("accounts.add_user"):
        raise NotAllowed(gettext("You may not take invitations back."))
    emit("user.invitation_withdrawn", actor=actor, target=row)
    row.delete()


def find(token: str) -> Invitation:
    """Return the invitation that a link's token opens. Raises ``InvitationRefused``."""
    row = Invitation.objects.select_related("user", "invited_by").filter(digest=_digest(token))
    found = row.first()
    if found is None or not found.is_good or not _still_meant(found):
        raise InvitationRefused
    return found


@transaction.atomic
def accept(token: str, *, username: str = "", display_name: str = "", password: str) -> User:
    """Use a link: make the account, or set the password.

    Raises ``InvitationRefused`` and Django's ``ValidationError``.
    """
    row = find(token)
    if row.user is not None:
        user = row.user
        users.set_password(SYSTEM, user, password)
        throttle.clear(user)
    else:
        user = users.create_user(
            SYSTEM,
            row.username or username,
            password=password,
            email=row.email,
            display_name=display_name[:150],
            roles=row.roles,
        )
        emit("user.invitation_accepted", actor=user, target=user)
    _spend(row, user)
    return user


def _spend(row: Invitation, user: User) -> None:
    """The database decides which of two that come at once is first; the other is undone."""
    unused = Invitation.objects.filter(pk=row.pk, used_at=None)
    if not unused.update(used_at=timezone.now(), user=user):
        raise InvitationRefused


def _check_mail(email: str) -> None:
    if not outbox.possible():
        raise ValidationError({"by_mail": gettext("No mail server is set (EMAIL_URL).")})
    if not email:
        raise ValidationError(
            {"by_mail": gettext("There is no email address to send the link to.")}
        )


def _handed_over(row: Invitation, link: str, by_mail: bool) -> tuple[Invitation, str]:
    if by_mail:
        outbox.invitation(row)
        return row, ""
    return row, link


def _password_link(actor: User | None, user: User, life: timedelta) -> tuple[Invitation, str]:
    Invitation.objects.filter(user=user, used_at=None).delete()
    return _make(actor, life, user=user, email=user.email)


def _check_free(email: str, username: str) -> None:
    if email:
        validate_email(email)
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError({"email": gettext("Somebody has this email address already.")})
    if username and User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": gettext("Somebody has this username already.")})


def _still_meant(row: Invitation) -> bool:
    """Whether whoever made it might make it today; nobody promises what they may no longer."""
    if row.user is not None and not row.user.is_active:
        return False
    if row.by_system:
        return True
    actor = row.invited_by
    if actor is None or not actor.is_active:
        return False
    if row.user is not None:
        return may_edit(actor, row.user)
    return all(may_give(actor, role) for role in row.roles) and actor.has_perm("accounts.add_user")


def _make(actor: User | None, life: timedelta, **fields: object) -> tuple[Invitation, str]:
    token = secrets.token_urlsafe(32)
    row = Invitation.objects.create(
        digest=_digest(token),
        invited_by=actor,
        by_system=actor is SYSTEM,
        expires_at=timezone.now() + life,
        **fields,
    )
    return row, _link(token)


def _link(token: str) -> str:
    """The public address is the configured one, whatever host a request names."""
    return f"{settings.FRONTEND_BASE_URL}{reverse('invitation')}?{urlencode({'token': token})}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
