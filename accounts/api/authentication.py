"""Bearer tokens."""

from __future__ import annotations

from rest_framework_simplejwt.authentication import JWTAuthentication


class AccessTokenAuthentication(JWTAuthentication):
    """An access token of an active user; a changed password ends it (``CHECK_REVOKE_TOKEN``)."""
