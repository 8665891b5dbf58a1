"""As whom a command acts."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.models import User


def acting_user(username: str | None) -> User | None:
    """Return the named user; without a name the first active superuser, if there is one."""
    if username:
        user = User.objects.filter(username__iexact=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {username!r}.")
        return user
    return User.objects.filter(is_superuser=True, is_active=True).order_by("date_joined").first()
