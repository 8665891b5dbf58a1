"""How long a provider's word holds where it cannot be asked again, or does not answer.

A directory is asked now and then for everybody who is in, so its word of before holds for a while
when it is away. An OpenID provider speaks at a sign-in alone, so what began there ends in time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import Identity, Provider, ProviderKind, User, UserSession
from accounts.providers.config import (
    SETTINGS,
    DirectorySettings,
    OidcSettings,
    ProviderInvalid,
    parse,
)


def session_limit(slug: str) -> timedelta | None:
    """How long a session may last that began at the provider ``slug``; None: no limit of its."""
    provider = Provider.objects.filter(slug=slug, kind=ProviderKind.OIDC).first() if slug else None
    return _session_limit(provider) if provider else None


def _session_limit(provider: Provider) -> timedelta:
    found: OidcSettings = parse(OidcSettings, provider.settings)
    return timedelta(hours=found.session_hours)


def shorten_sessions(provider: Provider) -> None:
    """Let no session outlast what is set now, however long it was given when it began."""
    if provider.kind != ProviderKind.OIDC:
        return
    latest = F("created_at") + _session_limit(provider)
    alive = UserSession.objects.alive().filter(provider=provider.slug, expires_at__gt=latest)
    alive.update(expires_at=latest)


def grace(provider: Provider) -> timedelta:
    """How long people stay in after a directory's last answer about them."""
    try:
        found: DirectorySettings = parse(SETTINGS[provider.kind], provider.settings)
    except ProviderInvalid:  # cannot be asked at all, which is no reason to wait longer
        return timedelta(hours=DirectorySettings.model_fields["grace_hours"].default)
    return timedelta(hours=found.grace_hours)


def is_overdue(identity: Identity, now: datetime | None = None) -> bool:
    """Whether a directory gave no answer about somebody for longer than people stay in."""
    last = identity.checked_at or identity.created_at
    return last < (now or timezone.now()) - grace(identity.provider)


def is_vouched_for(user: User) -> bool:
    """Whether the tokens of ``user`` are still to be believed.

    Whoever has a password here, and a service account, need nobody's word. Anybody else has that
    of one provider at least: a directory that answered of late, or an OpenID provider where they
    signed in of late. Otherwise tokens rest until they sign in.
    """
    if user.is_service or user.has_usable_password():
        return True
    identities = list(user.identities.select_related("provider"))
    return not identities or any(_vouches(identity) for identity in identities)


def _vouches(identity: Identity) -> bool:
    provider = identity.provider
    if not provider.enabled:
        return False
    if provider.kind != ProviderKind.OIDC:
        return not is_overdue(identity)
    try:
        found: OidcSettings = parse(OidcSettings, provider.settings)
    except ProviderInvalid:
        return False
    last = identity.last_sign_in_at or identity.created_at
    return last >= timezone.now() - timedelta(days=found.token_days)
