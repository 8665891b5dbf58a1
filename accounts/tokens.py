"""Tokens of API clients: short access tokens, and refresh tokens that are good once.

A sign-in is a family: a ``UserSession`` row that names the one refresh token that is good.
Using it spends it and names the next. Whoever comes with a spent one holds a copy, so the
whole family ends.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import sessions, token_kinds
from accounts.mfa import policy
from accounts.models import SessionKind, User, UserSession
from accounts.problems import TokenRefused
from accounts.providers import recheck
from toolbox.events import emit


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
    claims = token_kinds.read(token, token_kinds.RefreshToken)
    if session := sessions.find(claims["sid"], SessionKind.API):
        recheck.of_session(session)  # not in the transaction: a directory may take its time
        policy.end_if_owed(session)
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
        expires_at=sessions.until(
            session.created_at, now, settings.AUTH_REFRESH_TOKEN_TTL_SECONDS, session.provider
        ),
    )
    if not rotated:
        return None
    emit("auth.token_refreshed", actor=session.user, target=session.user)
    return _pair(session, spendable)


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
        claims = token_kinds.read(token, token_kinds.RefreshToken)
    except TokenRefused:
        return
    end(sessions.find(claims["sid"], SessionKind.API))


def end(credential: object) -> None:
    """End the session that an access token came from."""
    if isinstance(credential, UserSession):
        sessions.close(credential, "signed out")


def check_access(token: str) -> UserSession:
    """Return the living session that an access token belongs to."""
    claims = token_kinds.read(token, token_kinds.AccessToken)
    session = sessions.find(claims["sid"], SessionKind.API)
    if session is None or str(session.user_id) != claims["sub"]:
        raise TokenRefused("The session has ended. Sign in again.")
    sessions.touch(session)
    return session


def _pair(session: UserSession, spendable: str) -> TokenPair:
    access = token_kinds.AccessToken.of(session)
    refresh = token_kinds.RefreshToken.of(session, spendable)
    return TokenPair(str(access), str(refresh), session)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
