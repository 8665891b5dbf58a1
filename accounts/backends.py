"""How a local account proves who it is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts.models import User


class UsernameOrEmailBackend(ModelBackend):
    """Username or email address, in any case, with a password.

    An unknown name costs one password hash, as a wrong password does, so that the time
    taken tells nobody which names exist.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if not username or not password or "\0" in username:
            return None
        lookup = "email__iexact" if "@" in username else "username__iexact"
        user = User.objects.filter(**{lookup: username}).first()
        if user is None and "@" in username:
            user = User.objects.filter(username__iexact=username).first()
        if user is None:
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None
