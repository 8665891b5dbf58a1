"""Local accounts, with a password of their own."""

from __future__ import annotations

from typing import Any

from accounts.models import Provider, ProviderKind, User

SLUG = "local"


def find(name: str) -> User | None:
    """Return the account that ``name`` leads to: a username or an email address, in any case."""
    name = name.strip()
    if not name or "\0" in name:
        return None
    if "@" in name and (user := User.objects.filter(email__iexact=name).first()):
        return user
    return User.objects.filter(username__iexact=name).first()


def verify(user: User | None, password: str) -> tuple[User | None, str]:
    """Return the user if ``password`` is theirs, else why not.

    Nobody's password costs one hash too, so that the time taken tells nobody who exists.
    """
    if user is None:
        User().set_password(password)
        return None, "no such account"
    if not user.check_password(password):
        return None, "wrong password"
    if not user.is_active:
        return None, "the account is disabled"
    if user.is_service:
        return None, "service accounts sign in by token alone"
    return user, ""


def ensure_row(**_: Any) -> None:
    """Local accounts are a provider like any other, and always there."""
    row = {"name": "Local account", "kind": ProviderKind.LOCAL, "position": 0}
    Provider.objects.get_or_create(slug=SLUG, defaults=row)
