"""Django's door to local accounts: finds the user of a session, and keeps ``authenticate``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.http import HttpRequest

from accounts.models import User
from accounts.providers import local


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

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Return what the user's roles give them, and what was given to them alone.

        Django asks for the two one after the other; every page needs them, so here it is one
        query.
        """
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            found = Permission.objects.all()
            if not user_obj.is_superuser:
                own = Q(pk__in=user_obj.user_permissions.order_by().values("pk"))
                of_roles = Group.permissions.through.objects.filter(group__user=user_obj)
                found = found.filter(own | Q(pk__in=of_roles.values("permission_id")))
            labels = found.order_by().values_list("content_type__app_label", "codename")
            user_obj._perm_cache = {f"{app}.{codename}" for app, codename in labels}
        return set(user_obj._perm_cache)
