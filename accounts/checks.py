"""System checks: what must hold before anything is served."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

_MIDDLEWARE = "accounts.middleware.session_rows"


@register(Tags.security)
def sessions_can_be_ended(**_: Any) -> list[CheckMessage]:
    """Without the middleware a session would live on after it was ended."""
    if _MIDDLEWARE in settings.MIDDLEWARE:
        return []
    return [
        Error(
            "Sessions cannot be ended.",
            hint=f"Keep {_MIDDLEWARE} in MIDDLEWARE, after AuthenticationMiddleware.",
            id="accounts.E001",
        )
    ]


@register(Tags.security)
def refresh_tokens_outlive_access_tokens(**_: Any) -> list[CheckMessage]:
    """A refresh token that ends first could never be used."""
    if settings.AUTH_ACCESS_TOKEN_TTL_SECONDS < settings.AUTH_REFRESH_TOKEN_TTL_SECONDS:
        return []
    return [
        Error(
            "AUTH_REFRESH_TOKEN_TTL_SECONDS is not longer than AUTH_ACCESS_TOKEN_TTL_SECONDS.",
            hint="Access tokens live for minutes, refresh tokens for days.",
            id="accounts.E002",
        )
    ]
