"""Letting a device in that has no browser of its own: a terminal, a build server (RFC 8628).

The device asks and is given two codes. It keeps the long one, and shows the short one to its
user, who signs in to the console however they always do, OpenID Connect and second factors
included, and types it there. The device asks with the long one until the answer is yes or no.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.models import DeviceGrant, DeviceState, User, UserSession
from toolbox import context
from toolbox.events import emit
from toolbox.problems import Problem

LIFE = timedelta(minutes=10)
INTERVAL_SECONDS = 5
# Without vowels, so that it spells nothing, and without what looks alike (RFC 8628, 6.1).
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
# Beyond its interval a poll may come this much early before it is told to slow down.
_EARLY = timedelta(seconds=1)
_KEPT = timedelta(days=1)


class DeviceProblem(Problem):
    """Why a device is not let in, or not yet; ``errors`` holds RFC 8628's word for it."""

    title = "Not signed in"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.errors = [{"loc": ["device_code"], "message": code}]


class Pending(DeviceProblem):
    """Nobody has said yes or no yet."""

    title = "Waiting for a confirmation"

    def __init__(self) -> None:
        super().__init__("authorization_pending", "Nobody has confirmed the code yet.")


class SlowDown(DeviceProblem):
    """The device asks more often than it was told."""

    title = "Asked too often"
    retry_after = INTERVAL_SECONDS

    def __init__(self) -> None:
        super().__init__("slow_down", f"Ask once in {INTERVAL_SECONDS} seconds at most.")


class Refused(DeviceProblem):
    """Somebody said no."""

    def __init__(self) -> None:
        super().__init__("access_denied", "The sign-in was refused in the console.")


class Expired(DeviceProblem):
    """There is no such request, or it has run out, or it was used."""

    def __init__(self) -> None:
        super().__init__("expired_token", "The code has run out or was used. Begin again.")


class CodeUnknown(Problem):
    """What was typed is no code that waits."""

    http_status = 404
    title = "No such code"

    def __init__(self) -> None:
        super().__init__("No device waits with this code. Codes are good for ten minutes, once.")


@dataclass(frozen=True)
class Asked:
    """What a device is given: its own secret and what it shows to its user."""

    row: DeviceGrant
    device_code: str

    @property
    def address(self) -> str:
        """Where the code is typed."""
        return f"{settings.FRONTEND_BASE_URL}{reverse('account-device')}"

    @property
    def whole_address(self) -> str:
        """The same with the code in it, to click."""
        return f"{self.address}?{urlencode({'code': self.row.user_code})}"


@transaction.atomic
def ask(client: str) -> Asked:
    """Note that a device wants in."""
    work = context.current()
    secret = secrets.token_urlsafe(32)
    row = DeviceGrant.objects.create(
        digest=_digest(secret),
        user_code=_user_code(),
        client=client.strip(),
        address=work.address,
        user_agent=work.user_agent,
        expires_at=timezone.now() + LIFE,
    )
    emit("auth.device_asked", target=row, client=row.client)
    return Asked(row, secret)


def find(user_code: str) -> DeviceGrant:
    """The request that waits with the code that somebody typed. Raises ``CodeUnknown``."""
    row = DeviceGrant.objects.filter(user_code=spelled(user_code)).first()
    if row is None or not row.is_waiting:
        raise CodeUnknown
    return row


def spelled(typed: str) -> str:
    """A code as it is kept: people type it in any case, with or without the dash."""
    letters = "".join(letter for letter in typed.upper() if letter in _LETTERS)
    return f"{letters[:4]}-{letters[4:]}"


@transaction.atomic
def decide(row: DeviceGrant, user: User, sign_in: UserSession, *, approve: bool) -> None:
    """Let the device in as ``user``, or turn it away. It counts as proved by what the browser's
    session was. Raises ``CodeUnknown`` when somebody else was faster."""
    state = DeviceState.APPROVED if approve else DeviceState.REFUSED
    waiting = DeviceGrant.objects.filter(
        pk=row.pk, state=DeviceState.PENDING, expires_at__gt=timezone.now()
    )
    done = waiting.update(
        state=state, user=user, provider=sign_in.provider, methods=sign_in.methods
    )
    if not done:
        raise CodeUnknown
    name = "auth.device_approved" if approve else "auth.device_refused"
    emit(name, actor=user, target=row, client=row.client, device_address=row.address)


def claim(device_code: str) -> tokens.TokenPair:
    """Give the device its tokens, once. Raises a ``DeviceProblem`` while there are none."""
    row = DeviceGrant.objects.select_related("user").filter(digest=_digest(device_code)).first()
    now = timezone.now()
    if row is None or row.expires_at <= now or row.state == DeviceState.CLAIMED:
        raise Expired
    if row.state == DeviceState.REFUSED:
        raise Refused
    if row.state == DeviceState.PENDING:
        raise _not_yet(row)
    if row.user is None or not row.user.is_active:
        raise Expired
    return _issue(row, row.user)


@transaction.atomic
def _issue(row: DeviceGrant, user: User) -> tokens.TokenPair:
    approved = DeviceGrant.objects.filter(pk=row.pk, state=DeviceState.APPROVED)
    # The database decides which of two that come at once is first.
    if not approved.update(state=DeviceState.CLAIMED):
        raise Expired
    return tokens.issue(user, provider=row.provider, methods=(*row.methods, "device"))


def _not_yet(row: DeviceGrant) -> DeviceProblem:
    now = timezone.now()
    last, row.polled_at = row.polled_at, now
    DeviceGrant.objects.filter(pk=row.pk).update(polled_at=now)
    least = timedelta(seconds=INTERVAL_SECONDS) - _EARLY
    return SlowDown() if last is not None and now - last < least else Pending()


def prune() -> int:
    """Delete requests that ran out a day ago."""
    return DeviceGrant.objects.filter(expires_at__lt=timezone.now() - _KEPT).delete()[0]


def _user_code() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
