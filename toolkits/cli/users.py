"""As whom a command acts."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.db.models import Q

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN


def acting_user(username: str | None) -> User | None:
    """Return the named user; without a name the first active administrator, if there is one."""
    if username:
        user = User.objects.filter(username__iexact=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {username!r}.")
        return user
    administrators = Q(is_superuser=True) | Q(groups__name=SYSTEM_ADMIN)
    found = User.objects.filter(administrators, is_active=True)
    return found.order_by("date_joined", "pk").first()
