"""Who needs a second factor, and what a sign-in still lacks."""

from __future__ import annotations

from enum import StrEnum

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import Factor, FactorKind, RolePolicy, User
from accounts.problems import NotAllowed
from toolbox.events import emit

#: What a provider says when it saw to a second factor itself.
DONE_THERE = "mfa"


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


@transaction.atomic
def require(actor: User, role: str, wanted: bool) -> None:
    """Ask whoever has ``role`` for a second factor from their next sign-in on, or stop."""
    if not actor.is_system_admin or not actor.has_perm("accounts.change_user"):
        raise NotAllowed(gettext("You may not change what roles ask for."))
    group = Group.objects.get(name=role)
    present = RolePolicy.objects.filter(role=group, requires_mfa=True).exists()
    if present == wanted:
        return
    RolePolicy.objects.update_or_create(role=group, defaults={"requires_mfa": wanted})
    changes = {"requires_mfa": [present, wanted]}
    emit("role.changed", actor=actor, target=role, changes=changes)


def lacking(user: User, methods: tuple[str, ...]) -> Lacking:
    """What ``user``, who proved themselves by ``methods``, still has to do."""
    if DONE_THERE in methods:
        return Lacking.NOTHING
    if factors(user):
        return Lacking.FACTOR
    return Lacking.SETTING_UP if is_required(user) else Lacking.NOTHING
