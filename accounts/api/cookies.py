"""The refresh token's cookie: sent to the sign-in endpoints alone, hidden from scripts."""

from __future__ import annotations

from typing import Literal, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

NAME = "refresh_token"
_PATH = "/api/v1/auth/"


def _same_site() -> Literal["Lax", "Strict", "None"]:
    return cast('Literal["Lax", "Strict", "None"]', settings.AUTH_COOKIE_SAMESITE)


def put(response: HttpResponseBase, token: str) -> None:
    """Send the refresh token to the browser."""
    response.set_cookie(
        NAME,
        token,
        max_age=settings.AUTH_REFRESH_TOKEN_TTL_SECONDS,
        path=_PATH,
        domain=settings.AUTH_COOKIE_DOMAIN,
        secure=settings.AUTH_COOKIE_SECURE,
        httponly=True,
        samesite=_same_site(),
    )


def take(request: HttpRequest) -> str:
    """The refresh token that the browser sent, or an empty text."""
    return str(request.COOKIES.get(NAME, ""))


def drop(response: HttpResponseBase) -> None:
    """Have the browser forget it."""
    response.delete_cookie(
        NAME, path=_PATH, domain=settings.AUTH_COOKIE_DOMAIN, samesite=_same_site()
    )
