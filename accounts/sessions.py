"""Sessions: begun at sign-in, checked at each request, ended one or all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import (
    DeviceGrant,
    DeviceState,
    Provider,
    SessionKind,
    User,
    UserSession,
)
from accounts.providers import lifetime
from toolbox import context
from toolbox.events import emit

#: Where a Django session keeps the id of its row.
ROW_KEY = "accounts.session"
_TOUCH = timedelta(seconds=60)
_KEPT = timedelta(days=30)


def begin(
    user: User,
    kind: SessionKind,
    *,
    seconds: int,
    provider: str = "",
    methods: Iterable[str] = (),
    session_key: str | None = None,
    refresh_digest: str = "",
) -> UserSession:
    """Note a new session, with the device and address of the current request."""
    work = context.current()
    now = timezone.now()
    return UserSession.objects.create(
        user=user,
        kind=kind,
        provider=provider,
        methods=list(methods),
        session_key=session_key,
        refresh_digest=refresh_digest,
        address=work.address,
        user_agent=work.user_agent,
        created_at=now,
        last_seen_at=now,
        expires_at=until(now, now, seconds, provider),
    )


def until(began: datetime, now: datetime, seconds: int, provider: str) -> datetime:
    """When a session runs out that is given ``seconds`` now: never later than its provider lets
    what began there go on."""
    end, limit = now + timedelta(seconds=seconds), lifetime.session_limit(provider)
    return end if limit is None else min(end, began + limit)


def find(session_id: str | UUID, kind: SessionKind) -> UserSession | None:
    """Return the session with its user, if it is alive and the user may sign in."""
    try:
        key = UUID(str(session_id))
    except ValueError:
        return None
    found = UserSession.objects.alive().select_related("user")
    return found.filter(pk=key, kind=kind, user__is_active=True).first()


def touch(session: UserSession) -> None:
    """Note that it is in use, at most once a minute."""
    now = timezone.now()
    if now - session.last_seen_at < _TOUCH:
        return
    work = context.current()
    session.last_seen_at, session.address, session.user_agent = now, work.address, work.user_agent
    session.save(update_fields=["last_seen_at", "address", "user_agent"])


@transaction.atomic
def end(session: UserSession, reason: str, actor: Any = None) -> bool:
    """End one session; false when it had ended."""
    return _end(UserSession.objects.filter(pk=session.pk), reason, actor, session.user) == 1


@transaction.atomic
def end_all(
    user: User,
    reason: str,
    actor: Any = None,
    *,
    keep: UserSession | None = None,
    kind: SessionKind | None = None,
    provider: str = "",
) -> int:
    """End the sessions of ``user``, except ``keep``, and return how many there were."""
    wanted = UserSession.objects.filter(user=user)
    if keep is not None:
        wanted = wanted.exclude(pk=keep.pk)
    if kind is not None:
        wanted = wanted.filter(kind=kind)
    if provider:
        wanted = wanted.filter(provider=provider)
    _turn_away_devices(user, kind, provider)
    return _end(wanted, reason, actor, user)


def _turn_away_devices(user: User, kind: SessionKind | None, provider: str) -> None:
    """A device that was let in and has not come yet is a session that was about to begin."""
    waiting = DeviceGrant.objects.filter(user=user, state=DeviceState.APPROVED)
    if provider:
        waiting = waiting.filter(provider=provider)
    if kind != SessionKind.BROWSER:
        waiting.update(state=DeviceState.REFUSED)


@transaction.atomic
def end_by_provider(provider: Provider, reason: str, actor: Any = None) -> int:
    """End every session that began at ``provider``."""
    return _end(UserSession.objects.filter(provider=provider.slug), reason, actor, provider)


@transaction.atomic
def end_these(ids: Iterable[UUID], reason: str, actor: Any, target: User | Provider | str) -> None:
    """End sessions of several users, for a reason that is about ``target``."""
    _end(UserSession.objects.filter(pk__in=list(ids)), reason, actor, target)


def moved(session: UserSession, session_key: str | None) -> None:
    """Note the new key that Django gave to a session that goes on."""
    UserSession.objects.filter(pk=session.pk).update(session_key=session_key)


def close(session: UserSession, reason: str) -> None:
    """End a session whose end is audited elsewhere, as signing out is."""
    alive = UserSession.objects.filter(pk=session.pk, ended_at__isnull=True)
    alive.update(ended_at=timezone.now(), end_reason=reason)


def _end(wanted: Any, reason: str, actor: Any, target: User | Provider | str) -> int:
    alive = wanted.filter(ended_at__isnull=True)
    keys = [key for key in alive.values_list("session_key", flat=True) if key]
    ended = int(alive.update(ended_at=timezone.now(), end_reason=reason))
    for key in keys:
        _store(key).delete()
    if ended:
        emit("auth.session_ended", actor=actor, target=target, reason=reason, sessions=ended)
    return ended


def _store(key: str) -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore(key)


def prune() -> int:
    """Delete rows of sessions that ended or ran out a month ago."""
    before = timezone.now() - _KEPT
    gone = Q(expires_at__lt=before) | Q(ended_at__lt=before)
    return UserSession.objects.filter(gone).delete()[0]
