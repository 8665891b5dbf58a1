"""System checks: what must hold before anything is served."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def refresh_tokens_can_be_revoked(**_: Any) -> list[CheckMessage]:
    """Without the blacklist app a rotated refresh token would live on."""
    if "rest_framework_simplejwt.token_blacklist" in settings.INSTALLED_APPS:
        return []
    return [
        Error(
            "Refresh tokens cannot be revoked.",
            hint="Keep rest_framework_simplejwt.token_blacklist in INSTALLED_APPS.",
            id="accounts.E001",
        )
    ]
