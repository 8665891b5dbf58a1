"""Django's door to local accounts: finds the user of a session, and keeps ``authenticate``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db.models import CharField, Value
from django.http import HttpRequest

from accounts.models import User
from accounts.providers import local

_known: ContextVar[User | None] = ContextVar("known_user", default=None)


@contextmanager
def known(user: User) -> Iterator[None]:
    """While it lasts, the user of a session is not read once more where it is this one."""
    token = _known.set(user)
    try:
        yield
    finally:
        _known.reset(token)


class UsernameOrEmailBackend(ModelBackend):
    """Username or email address, in any case, with a password.

    Pages and the API sign in by ``accounts.signin``, which adds lockout, directories and
    second factors.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not username or not password:
            return None
        return local.verify(local.find(username), password)[0]

    def get_user(self, user_id: Any) -> User | None:
        """Return the user of a session, as it was read a moment ago with the session's row."""
        user = _known.get()
        if user is None or str(user.pk) != str(user_id):
            return super().get_user(user_id)
        return user if self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return what the user's roles give them, and what was given to them alone.

        Django asks for the two one after the other, and pages for the names of the roles too;
        every page needs them, so here it is one query.
        """
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            user_obj._perm_cache = _everything() if user_obj.is_superuser else _given(user_obj)
        return set(user_obj._perm_cache)


def _everything() -> set[str]:
    labels = Permission.objects.order_by().values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in labels}


def _given(user: User) -> set[str]:
    """What roles and the user have; notes the names of the roles, which ``User.roles`` gives."""
    where = ("content_type__app_label", "codename")
    own = Permission.objects.filter(user=user).order_by()
    rows = (
        Group.objects.filter(user=user)
        .order_by()
        .values_list("name", *(f"permissions__{name}" for name in where))
        .union(own.values_list(Value("", output_field=CharField()), *where))
    )
    found = list(rows)
    user.__dict__["roles"] = frozenset(name for name, _app, _code in found if name)
    return {f"{app}.{codename}" for _name, app, codename in found if codename}
