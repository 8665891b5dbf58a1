"""The two kinds of JSON Web Token, by simplejwt: what they hold, and what makes one good.

Whether the session that a token names still lives is asked in ``accounts.tokens``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from accounts import keys
from accounts.models import UserSession
from accounts.problems import TokenRefused

_LONGEST = 8192


class SessionToken(Token):
    """A token of one session, signed and checked by the ring of keys."""

    needed: ClassVar[tuple[str, ...]] = ("sub", "sid", "jti")

    @property
    def token_backend(self) -> keys.KeyRing:
        """The keys as they are set now."""
        return keys.ring()

    @classmethod
    def of(cls, session: UserSession, jti: str = "") -> SessionToken:
        """A new token of ``session``; ``jti`` names it where its name is kept."""
        token = cls()
        token["sub"], token["sid"] = str(session.user_id), str(session.pk)
        if jti:
            token["jti"] = jti
        return token

    def verify(self) -> None:
        """Ask for the type, the times and every claim of ours; the ring has asked for the rest."""
        super().verify()
        if not all(isinstance(self.get(name), str) for name in self.needed) or "iat" not in self:
            raise TokenError("a claim is missing")


class AccessToken(SessionToken):
    """Opens the API for minutes."""

    token_type = "access"  # noqa: S105

    @property
    def lifetime(self) -> timedelta:  # type: ignore[override]
        """How long it is good."""
        return timedelta(seconds=settings.AUTH_ACCESS_TOKEN_TTL_SECONDS)


class RefreshToken(SessionToken):
    """Good once, for a new pair."""

    token_type = "refresh"  # noqa: S105

    @property
    def lifetime(self) -> timedelta:  # type: ignore[override]
        """How long it is good."""
        return timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL_SECONDS)


def read(text: str, kind: type[SessionToken]) -> dict[str, Any]:
    """Check a token's signature, type, issuer, audience and times; return its claims."""
    if not text or len(text) > _LONGEST:
        raise TokenRefused("The token is not valid.")
    try:
        # simplejwt's annotation asks for a token where it takes a text.
        return dict(kind(text).payload)  # type: ignore[arg-type]
    except (TokenError, ValueError, TypeError, OverflowError, RecursionError):
        raise TokenRefused("The token is not valid or has run out.") from None
