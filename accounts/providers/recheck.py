"""Asks directories again for people who signed in by them: at each refresh of a session, and now
and then for everybody who is in.

Whoever is gone from the directory, or from a group, is so here at most one life of an access token
later. A directory that does not answer shuts nobody out at once: for as many hours as it is set to,
what it said last holds. After them its sessions end (``lifetime``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts import provisioning, sessions
from accounts.models import Identity, PersonalToken, ProviderKind, UserSession
from accounts.providers import directory, lifetime
from accounts.providers.config import SETTINGS, DirectorySettings, ProviderInvalid, parse
from accounts.providers.problems import ProviderRefused, ProviderUnavailable

log = logging.getLogger(__name__)

_BATCH = 200
_KINDS = (ProviderKind.LDAP, ProviderKind.AD)
_AWAY = "the directory is away for too long"


def of_session(session: UserSession) -> None:
    """Ask for the owner of a session that began at a directory; ends it if they are gone."""
    found = _identities().filter(user=session.user_id, provider__slug=session.provider)
    _check(list(found.order_by("provider_id")))


def due() -> int:
    """How many are to be asked for: those who are in, and were not asked for of late."""
    return int(_due().count())


def sweep() -> int:
    """Ask for those who are due, one connection a directory; returns how many."""
    # Noted before: a directory that is away is asked again a while later, not at once.
    found = list(_due().order_by("provider_id", "checked_at")[:_BATCH])
    Identity.objects.filter(pk__in=[identity.pk for identity in found]).update(
        asked_at=timezone.now()
    )
    for _provider, group in groupby(found, key=lambda identity: identity.provider_id):
        _check(list(group))
    return len(found)


def _identities() -> Any:
    return Identity.objects.filter(
        provider__kind__in=_KINDS, provider__enabled=True, user__is_active=True
    ).select_related("provider", "user")


def _due() -> Any:
    now = timezone.now()
    age = timedelta(seconds=settings.AUTH_ACCESS_TOKEN_TTL_SECONDS)
    sessions = UserSession.objects.alive(now).filter(user=OuterRef("user"))
    tokens = PersonalToken.objects.filter(
        user=OuterRef("user"), revoked_at=None, expires_at__gt=now
    )
    late = Q(checked_at__lt=now - age) | Q(checked_at=None)
    late &= Q(asked_at__lt=now - age) | Q(asked_at=None)
    return _identities().filter(late, Exists(sessions) | Exists(tokens))


def _check(identities: Sequence[Identity]) -> None:
    """Ask one directory for these; all are of the same provider."""
    if not identities:
        return
    provider = identities[0].provider
    try:
        parsed: DirectorySettings = parse(SETTINGS[provider.kind], provider.settings)
        # Somebody whom the directory knew by another base is not of this directory any more.
        here = [found for found in identities if found.issuer == parsed.user_base.lower()]
        claims = directory.look_up(provider, [found.subject for found in here])
    except (ProviderUnavailable, ProviderRefused, ProviderInvalid) as away:
        log.warning("%s could not be asked for people again: %s", provider.slug, away)
        _shut_overdue(identities)
        return
    for identity in identities:
        known = claims.get(identity.subject) if identity in here else None
        if known is None:
            provisioning.gone(identity)
        else:
            provisioning.seen_again(identity, known)


def _shut_overdue(identities: Sequence[Identity]) -> None:
    """End the sessions of those about whom the directory said nothing for too long."""
    for identity in identities:
        if lifetime.is_overdue(identity):
            sessions.end_all(identity.user, _AWAY, provider=identity.provider.slug)
