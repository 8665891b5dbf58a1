"""Django's door to local accounts: finds the user of a session, and keeps ``authenticate``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
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
