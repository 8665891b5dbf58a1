"""Providers from AUTH_PROVIDERS_JSON or AUTH_PROVIDERS_FILE.

The text is a list of objects: ``slug``, ``name``, ``kind`` (or ``type``), ``enabled``,
``position``, ``mappings``, ``default_roles``, the settings of the kind, flat or under
``settings``, and ``<field>_vault`` for each secret. A provider that came from there is kept as
the text says, and goes when it is taken out; the others belong to the admin.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts import sessions
from accounts.models import Provider, ProviderKind, ProvidersApplied
from accounts.providers import config
from accounts.providers.config import SECRETS, SETTINGS, ProviderInvalid, SecretReference
from accounts.providers.rows import changed_fields, check, check_secrets, shut
from toolbox import jsontext
from toolbox.events import emit
from toolbox.health.checks import CheckFailed
from toolbox.secrets.placeholders import PLACEHOLDER, Placeholders

log = logging.getLogger(__name__)

ENVIRONMENT = "environment"
_COMMON = ("name", "enabled", "position", "mappings", "default_roles")


def text() -> str:
    """What the environment says. Raises ``ProviderInvalid`` for a file that cannot be read."""
    if settings.AUTH_PROVIDERS_JSON:
        return str(settings.AUTH_PROVIDERS_JSON)
    if not settings.AUTH_PROVIDERS_FILE:
        return ""
    try:
        return Path(settings.AUTH_PROVIDERS_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ProviderInvalid([("AUTH_PROVIDERS_FILE", f"cannot be read: {error}")]) from None


def parse(source: str) -> list[Provider]:
    """Return the providers that ``source`` describes, checked but not saved."""
    if not source.strip():
        return []
    try:
        data = jsontext.parse(source.encode())
    except ValueError as error:
        raise ProviderInvalid([("AUTH_PROVIDERS_JSON", f"is not JSON: {error}")]) from None
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise ProviderInvalid([("AUTH_PROVIDERS_JSON", "is not a list of objects")])
    found = [_provider(entry, number) for number, entry in enumerate(data)]
    slugs = [provider.slug for provider in found]
    if twice := {slug for slug in slugs if slugs.count(slug) > 1}:
        raise ProviderInvalid([("AUTH_PROVIDERS_JSON", f"{', '.join(twice)} is there twice")])
    return found


def _provider(entry: dict[str, Any], number: int) -> Provider:
    entry = dict(entry)
    slug = str(entry.pop("slug", "") or entry.get("name", "")).lower().replace(" ", "-")
    kind = str(entry.pop("kind", "") or entry.pop("type", "")).lower()
    if kind not in SETTINGS:
        known = ", ".join(ProviderKind.values)
        raise ProviderInvalid([(f"{number}.kind", f"{kind!r} is none of {known}")])
    provider = Provider(slug=slug, kind=kind, managed_by=ENVIRONMENT)
    for name in _COMMON:
        if name in entry:
            setattr(provider, name, entry.pop(name))
    provider.name = provider.name or slug
    references = {name: entry.pop(f"{name}_vault", None) for name in SECRETS[kind]}
    provider.secrets = {name: found for name, found in references.items() if found}
    provider.settings = {**(entry.pop("settings", None) or {}), **entry}
    try:
        check(provider)
        check_secrets(provider)
    except ProviderInvalid as error:
        places = [(f"{slug or number}.{place}", message) for place, message in error.places]
        raise ProviderInvalid(places) from None
    return provider


def ensure() -> bool:
    """Apply what the environment says if it is not what was applied last; true if it was new.

    Costs one small query when there is nothing to do. What is wrong is logged, and the rows of
    before stay; preflight refuses to start on it.
    """
    try:
        source = text()
        digest = hashlib.sha256(source.encode()).hexdigest() if source else ""
        applied = ProvidersApplied.objects.filter(pk=1).first()
        if (applied.digest if applied else "") == digest:
            return False
        apply(parse(source), digest)
    except ProviderInvalid as error:
        log.error("sign-in providers of the environment are not applied: %s", error)
        return False
    return True


def health() -> str:
    """The check of preflight: what the environment says of providers can be applied."""
    try:
        found = parse(text())
    except ProviderInvalid as error:
        hint = "Correct AUTH_PROVIDERS_JSON or AUTH_PROVIDERS_FILE. See docs/sign-in.md."
        raise CheckFailed(str(error), hint) from None
    named = ", ".join(provider.slug for provider in found)
    return f"the environment sets up {named}" if named else "providers are set up in the admin"


def placeholders() -> Placeholders:
    """The secrets that providers of the environment refer to, for ``bootstrap_vault``."""
    try:
        providers = parse(text())
    except ProviderInvalid as error:
        log.warning("no placeholders for sign-in providers, which are not set up right: %s", error)
        return {}
    found: Placeholders = {}
    for provider in providers:
        for field, given in provider.secrets.items():
            reference = config.parse(SecretReference, given, field)
            # Other mounts are not the platform's to write to, and an old version cannot be made.
            if reference.mount in ("", settings.VAULT.kv_mount) and not reference.version:
                found.setdefault(reference.path, {})[reference.key] = PLACEHOLDER
    return found


@transaction.atomic
def apply(wanted: list[Provider], digest: str) -> None:
    """Make the rows what the environment says."""
    ProvidersApplied.objects.get_or_create(pk=1)
    ProvidersApplied.objects.select_for_update().get(pk=1)
    present = {provider.slug: provider for provider in Provider.objects.all()}
    for provider in wanted:
        _keep(provider, present.get(provider.slug))
    gone = {slug for slug, row in present.items() if row.managed_by == ENVIRONMENT}
    for slug in sorted(gone - {provider.slug for provider in wanted}):
        emit("provider.removed", target=present[slug], via=ENVIRONMENT)
        sessions.end_by_provider(present[slug], "the sign-in provider was removed")
        present[slug].delete()
    ProvidersApplied.objects.filter(pk=1).update(digest=digest)


def _keep(wanted: Provider, present: Provider | None) -> None:
    if present is not None:
        wanted.pk, wanted.created_at = present.pk, present.created_at
    changes = changed_fields(present, wanted)
    wanted.save(force_update=present is not None, force_insert=present is None)
    if present is None:
        emit("provider.created", target=wanted, via=ENVIRONMENT)
    elif changes:
        emit("provider.changed", target=wanted, changes=changes, via=ENVIRONMENT)
    shut(None, wanted)
