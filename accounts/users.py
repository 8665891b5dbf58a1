"""What may be done to accounts, and by whom: console, API, admin and commands all come here.

Nobody changes their own rights. Only a system administrator makes, edits or removes one, and
the last active one stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from accounts import personal_tokens, sessions
from accounts.mfa import policy
from accounts.models import Grant, SessionKind, User, UserKind, UserSession
from accounts.problems import LastAdministrator, NotAllowed
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN
from accounts.rules import SYSTEM, may_edit, may_give
from toolbox.events import emit


def system_admins() -> QuerySet[User]:
    """Active system administrators."""
    holds = Q(is_superuser=True) | Q(groups__name=SYSTEM_ADMIN)
    return User.objects.filter(holds, is_active=True).distinct()


@transaction.atomic
def create_user(
    actor: User | None,
    username: str,
    *,
    password: str | None = None,
    roles: Iterable[str] = (),
    kind: UserKind = UserKind.PERSON,
    **fields: Any,
) -> User:
    """Create an account with roles. Raises ``NotAllowed`` and Django's ``ValidationError``."""
    if actor is not SYSTEM and not actor.has_perm("accounts.add_user"):
        raise NotAllowed(gettext("You may not create accounts."))
    user = User(username=User.normalize_username(username), kind=kind, **fields)
    user.email = User.objects.normalize_email(user.email)
    if password is not None:
        validate_password(password, user)
    user.set_password(password)
    user.full_clean()
    user.save(force_insert=True)
    emit("user.created", actor=actor, target=user, kind=str(kind))
    if wanted := set(roles):
        set_roles(actor, user, wanted)
    return user


@transaction.atomic
def change_user(actor: User | None, user: User, **fields: str) -> bool:
    """Change the username, email address or display name; false when nothing differs.

    Raises ``NotAllowed`` and Django's ``ValidationError``.
    """
    if odd := set(fields) - {"username", "email", "display_name"}:
        raise NotAllowed(gettext("%(odd)s cannot be changed so.") % {"odd": ", ".join(sorted(odd))})
    refuse_unless_editable(actor, user)
    changes = {
        name: [getattr(user, name), value]
        for name, value in fields.items()
        if getattr(user, name) != value
    }
    if not changes:
        return False
    for name in changes:
        setattr(user, name, fields[name])
    user.full_clean(exclude=["password"])
    user.save(update_fields=list(changes))
    emit("user.changed", actor=actor, target=user, changes=changes)
    return True


@transaction.atomic
def set_preferences(user: User, *, via: str, **fields: str) -> bool:
    """Keep the time zone or language that ``user`` chose, or whose browser told it; what does not
    exist is left out. Returns whether anything changed."""
    known = {"time_zone": available_timezones(), "language": dict(settings.LANGUAGES)}
    changes = {
        name: [getattr(user, name), value]
        for name, value in fields.items()
        if value != getattr(user, name) and (not value or value in known[name])
    }
    if not changes:
        return False
    for name in changes:
        setattr(user, name, fields[name])
    user.save(update_fields=list(changes))
    emit("user.changed", actor=user, target=user, changes=changes, via=via)
    return True


@transaction.atomic
def set_roles(actor: User | None, user: User, roles: Iterable[str]) -> None:
    """Give ``user`` exactly the core roles ``roles``."""
    wanted = set(roles)
    if unknown := wanted - set(CORE_ROLES):
        raise NotAllowed(
            gettext("There is no role %(unknown)s.") % {"unknown": ", ".join(sorted(unknown))}
        )
    _lock_admins()
    present = set(user.groups.values_list("name", flat=True)) & set(CORE_ROLES)
    if wanted == present:
        return
    _check_rights_change(actor, user, wanted ^ present)
    if SYSTEM_ADMIN in present - wanted:
        keep_one_administrator(user)
    groups = {group.name: group for group in Group.objects.filter(name__in=wanted ^ present)}
    user.groups.add(*(groups[name] for name in wanted - present))
    user.groups.remove(*(groups[name] for name in present - wanted))
    user.forget_rights()
    changes = {"roles": [sorted(present), sorted(wanted)]}
    emit("user.roles_changed", actor=actor, target=user, changes=changes)
    if present - wanted:
        sessions.end_all(user, "roles were taken away", actor, kind=SessionKind.API)
    if wanted - present and policy.is_required(user):
        policy.end_owed(actor, User.objects.filter(pk=user.pk), user)


def _check_rights_change(actor: User | None, user: User, roles: set[str]) -> None:
    if actor is not SYSTEM and actor.pk == user.pk:
        raise NotAllowed(gettext("Nobody changes their own roles. Ask another administrator."))
    refuse_unless_editable(actor, user)
    for role in sorted(roles):
        if not may_give(actor, role):
            raise NotAllowed(
                gettext("You may not give or take the role %(role)s.") % {"role": role}
            )


@transaction.atomic
def give_grant(actor: User | None, grant: Grant) -> Grant:
    """Save a new or changed grant."""
    _check_rights_change(actor, grant.user, {grant.role})
    grant.full_clean()
    grant.save()
    grant.user.forget_rights()
    emit("grant.given", actor=actor, target=grant.user, grant=str(grant))
    return grant


@transaction.atomic
def take_grant(actor: User | None, grant: Grant) -> None:
    """Remove a grant."""
    _check_rights_change(actor, grant.user, {grant.role})
    emit("grant.taken", actor=actor, target=grant.user, grant=str(grant))
    grant.delete()
    grant.user.forget_rights()


@transaction.atomic
def set_active(actor: User | None, user: User, active: bool) -> None:
    """Let ``user`` sign in, or shut them out at once."""
    _lock_admins()
    refuse_unless_editable(actor, user)
    if user.is_active == active:
        return
    if not active:
        if actor is not SYSTEM and actor.pk == user.pk:
            raise NotAllowed(gettext("You cannot disable your own account."))
        keep_one_administrator(user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    user.forget_rights()
    emit("user.enabled" if active else "user.disabled", actor=actor, target=user)
    if not active:
        sessions.end_all(user, "the account was disabled", actor)
        personal_tokens.revoke_all(user, actor, "the account was disabled")


@transaction.atomic
def delete_user(actor: User | None, user: User) -> None:
    """Remove an account. What it did stays in the audit trail, by name."""
    _lock_admins()
    if actor is not SYSTEM and not actor.has_perm("accounts.delete_user"):
        raise NotAllowed(gettext("You may not delete accounts."))
    if not may_edit(actor, user):
        raise NotAllowed(
            gettext("You may not delete the account %(username)s.") % {"username": user.username}
        )
    if actor is not SYSTEM and actor.pk == user.pk:
        raise NotAllowed(gettext("You cannot delete your own account."))
    keep_one_administrator(user)
    emit("user.deleted", actor=actor, target=user)
    user.delete()


@transaction.atomic
def set_password(
    actor: User | None, user: User, password: str, *, keep: UserSession | None = None
) -> None:
    """Set a password that fits the rules. Every session but ``keep`` ends.

    Raises Django's ``ValidationError`` for a password that does not fit.
    """
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    own = actor is not SYSTEM and actor.pk == user.pk
    emit("auth.password_changed" if own else "auth.password_set", actor=actor, target=user)
    sessions.end_all(user, "the password was changed", actor, keep=keep)


def refuse_unless_editable(actor: User | None, user: User) -> None:
    """Raise ``NotAllowed`` unless ``actor`` may change the account of ``user``."""
    if not may_edit(actor, user):
        raise NotAllowed(
            gettext("You may not change the account %(username)s.") % {"username": user.username}
        )


def keep_one_administrator(user: User) -> None:
    """Raise ``LastAdministrator`` if nobody active would administer without ``user``."""
    if user.is_active and user.is_system_admin and not system_admins().exclude(pk=user.pk).exists():
        raise LastAdministrator(
            gettext("%(username)s is the last active system administrator. Make another one first.")
            % {"username": user.username}
        )


def _lock_admins() -> None:
    """Let only one transaction at a time change who administers, so that two
    administrators cannot remove each other in the same moment."""
    list(Group.objects.select_for_update().filter(name=SYSTEM_ADMIN))
