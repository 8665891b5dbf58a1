"""Tokens of API clients: short access tokens, and refresh tokens that are good once.

A sign-in is a family: a ``UserSession`` row that names the one refresh token that is good.
Using it spends it and names the next. Whoever comes with a spent one holds a copy, so the
whole family ends.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import JoseError

from accounts import keys, sessions
from accounts.models import SessionKind, User, UserSession
from accounts.problems import TokenRefused
from toolbox.events import emit

ISSUER = AUDIENCE = "sre-toolbox"
ACCESS, REFRESH = "access", "refresh"
_LONGEST = 8192


@dataclass(frozen=True)
class TokenPair:
    """What a client gets when it signs in or refreshes."""

    access: str
    refresh: str
    session: UserSession


@transaction.atomic
def issue(user: User, *, provider: str = "", methods: tuple[str, ...] = ()) -> TokenPair:
    """Begin an API session for ``user``."""
    spendable = secrets.token_urlsafe(32)
    session = sessions.begin(
        user,
        SessionKind.API,
        seconds=settings.AUTH_REFRESH_TOKEN_TTL_SECONDS,
        provider=provider,
        methods=methods,
        refresh_digest=_digest(spendable),
    )
    emit("auth.token_issued", actor=user, target=user, provider=provider)
    return _pair(session, spendable)


def refresh(token: str) -> TokenPair:
    """Spend a refresh token for a new pair. A spent one ends its whole family."""
    claims = read(token, REFRESH)
    pair = _rotate(claims)
    if pair is None:
        _end_family(claims)
        raise TokenRefused("The session has ended. Sign in again.")
    return pair


@transaction.atomic
def _rotate(claims: dict[str, Any]) -> TokenPair | None:
    session = sessions.find(claims["sid"], SessionKind.API)
    if session is None or str(session.user_id) != claims["sub"]:
        return None
    spendable = secrets.token_urlsafe(32)
    now = timezone.now()
    good = UserSession.objects.alive(now).filter(
        pk=session.pk, refresh_digest=_digest(claims["jti"])
    )
    # The database decides which of two that come at once is first.
    rotated = good.update(
        refresh_digest=_digest(spendable),
        last_seen_at=now,
        expires_at=now + timedelta(seconds=settings.AUTH_REFRESH_TOKEN_TTL_SECONDS),
    )
    return _pair(session, spendable) if rotated else None


@transaction.atomic
def _end_family(claims: dict[str, Any]) -> None:
    session = sessions.find(claims["sid"], SessionKind.API)
    if session is None:
        return  # it had ended: a token of it proves nothing new
    emit("auth.token_reused", outcome="failure", target=session.user, family=str(session.pk))
    sessions.end(session, "refresh token used twice")


def revoke(token: str) -> None:
    """End the session of a refresh token, if it is one of ours."""
    try:
        claims = read(token, REFRESH)
    except TokenRefused:
        return
    end(sessions.find(claims["sid"], SessionKind.API))


def end(credential: object) -> None:
    """End the session that an access token came from."""
    if isinstance(credential, UserSession):
        sessions.close(credential, "signed out")


def check_access(token: str) -> UserSession:
    """Return the living session that an access token belongs to."""
    claims = read(token, ACCESS)
    session = sessions.find(claims["sid"], SessionKind.API)
    if session is None or str(session.user_id) != claims["sub"]:
        raise TokenRefused("The session has ended. Sign in again.")
    sessions.touch(session)
    return session


def read(token: str, kind: str) -> dict[str, Any]:
    """Check a token's signature, type, issuer, audience and times; return its claims."""
    if not token or len(token) > _LONGEST:
        raise TokenRefused("The token is not valid.")
    ring = keys.ring()
    try:
        decoded = jwt.decode(token, ring.find, algorithms=[ring.algorithm])
        _CLAIMS[kind].validate(decoded.claims)
    except (JoseError, ValueError, TypeError, UnicodeError, RecursionError):
        raise TokenRefused("The token is not valid or has run out.") from None
    return dict(decoded.claims)


def _claims_of(kind: str) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        leeway=0,
        iss={"essential": True, "value": ISSUER},
        aud={"essential": True, "value": AUDIENCE},
        token_type={"essential": True, "value": kind},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        sid={"essential": True},
        jti={"essential": True},
    )


_CLAIMS = {kind: _claims_of(kind) for kind in (ACCESS, REFRESH)}


def _pair(session: UserSession, spendable: str) -> TokenPair:
    access = _write(session, ACCESS, secrets.token_urlsafe(16))
    return TokenPair(access, _write(session, REFRESH, spendable), session)


def _write(session: UserSession, kind: str, jti: str) -> str:
    ring, now = keys.ring(), int(time.time())
    seconds = (
        settings.AUTH_ACCESS_TOKEN_TTL_SECONDS
        if kind == ACCESS
        else settings.AUTH_REFRESH_TOKEN_TTL_SECONDS
    )
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(session.user_id),
        "sid": str(session.pk),
        "jti": jti,
        "token_type": kind,
        "iat": now,
        "exp": now + seconds,
    }
    header = {"alg": ring.algorithm, "kid": ring.kid, "typ": "JWT"}
    return jwt.encode(header, claims, ring.signing, algorithms=[ring.algorithm])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
