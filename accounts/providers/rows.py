"""Rows of providers: checked, saved and removed, by the admin, the API and the environment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from accounts import sessions, users
from accounts.models import Identity, Provider, ProviderKind, User
from accounts.problems import LastAdministrator, NotAllowed
from accounts.providers import lifetime, vaulted
from accounts.providers.config import (
    SECRETS,
    SETTINGS,
    Mapping,
    ProviderInvalid,
    SecretReference,
    parse,
)
from accounts.roles import CORE_ROLES
from toolbox.events import emit

_AUDITED = ("name", "kind", "enabled", "position", "settings", "secrets", "mappings",
            "default_roles")  # fmt: skip


def check(provider: Provider) -> None:
    """Raise ``ProviderInvalid`` unless ``provider`` makes sense as a whole."""
    if provider.kind not in SETTINGS:
        raise ProviderInvalid([("kind", "is not known")])
    parsed = parse(SETTINGS[provider.kind], provider.settings)
    provider.settings = parsed.model_dump(exclude_unset=True)
    if odd := set(provider.secrets) - set(SECRETS[provider.kind]):
        raise ProviderInvalid([(name, "is no secret of this kind") for name in sorted(odd)])
    for name, reference in provider.secrets.items():
        parse(SecretReference, reference, name)
    if not isinstance(provider.mappings, list):
        raise ProviderInvalid([("mappings", "is not a list")])
    for number, item in enumerate(provider.mappings):
        parse(Mapping, item, f"mappings.{number}")
    if unknown := set(provider.default_roles) - set(CORE_ROLES):
        raise ProviderInvalid([("default_roles", f"there is no {', '.join(sorted(unknown))}")])
    try:
        provider.clean_fields()
    except ValidationError as error:
        raise ProviderInvalid(
            [(name, " ".join(texts)) for name, texts in error.message_dict.items()]
        ) from None


def check_secrets(provider: Provider, typed: Iterable[str] = ()) -> None:
    """Raise ``ProviderInvalid`` where a secret lacks that nobody gets in without; ``typed`` are
    those that are about to go to Vault."""
    needed: dict[str, str] = parse(SETTINGS[provider.kind], provider.settings).needs()
    lacking = needed.keys() - {*provider.secrets, *typed}
    if lacking:
        raise ProviderInvalid([(name, f"is needed: {needed[name]}") for name in sorted(lacking)])


@transaction.atomic
def save(actor: User, provider: Provider, secrets: dict[str, str] | None = None) -> Provider:
    """Check and save a provider. ``secrets`` are new values that go to Vault."""
    _may(actor)
    present = Provider.objects.filter(pk=provider.pk).first()
    _keep_what_never_changes(provider, present)
    check(provider)
    _check_free(provider)
    _leave_a_way_in(provider)
    check_secrets(provider, secrets or ())
    for name, value in (secrets or {}).items():
        if name not in SECRETS[provider.kind]:
            raise ProviderInvalid([(name, "is no secret of this kind")])
        provider.secrets = {**provider.secrets, name: vaulted.write(provider, name, value)}
    changes = changed_fields(present, provider)
    if present is None:
        provider.save(force_insert=True)
        emit("provider.created", actor=actor, target=provider, via="console")
    elif changes or secrets:
        provider.save(force_update=True)
        emit("provider.changed", actor=actor, target=provider, changes=changes, via="console")
    shut(actor, provider)
    return provider


def shut(actor: User | None, provider: Provider) -> None:
    """Where a provider is switched off, whoever came by it goes; where sessions are to be shorter
    than they were, they are."""
    lifetime.shorten_sessions(provider)
    if not provider.enabled:
        sessions.end_by_provider(provider, "the sign-in provider was switched off", actor)


@transaction.atomic
def remove(actor: User, provider: Provider) -> None:
    """Remove a provider with the identities that it vouches for."""
    _may(actor)
    if provider.kind == ProviderKind.LOCAL:
        raise NotAllowed(
            gettext("Local accounts stay: they are the way in when a directory is away.")
        )
    emit("provider.removed", actor=actor, target=provider, via="console")
    sessions.end_by_provider(provider, "the sign-in provider was removed", actor)
    provider.delete()


def _check_free(provider: Provider) -> None:
    if Provider.objects.filter(slug=provider.slug).exclude(pk=provider.pk).exists():
        raise ProviderInvalid([("slug", "another provider has this short name")])


def _leave_a_way_in(provider: Provider) -> None:
    """Local accounts go off only when an administrator can get in without one."""
    if provider.kind != ProviderKind.LOCAL or provider.enabled:
        return
    outside = Identity.objects.filter(provider__enabled=True).exclude(provider=provider)
    if not users.system_admins().filter(identities__in=outside).exists():
        raise LastAdministrator(
            gettext(
                "No system administrator can sign in by another "
                "provider yet, so local accounts stay."
            )
        )


def _may(actor: User) -> None:
    # Whoever says which groups administer, or who vouches for people, decides who administers.
    if not actor.is_system_admin or not actor.has_perm("accounts.change_provider"):
        raise NotAllowed(gettext("You may not change sign-in providers."))


def _keep_what_never_changes(provider: Provider, present: Provider | None) -> None:
    if present is None:
        return
    if provider.slug != present.slug or provider.kind != present.kind:
        raise ProviderInvalid([("slug", "short name and kind of a provider never change")])
    if present.managed_by:
        raise NotAllowed(
            gettext("%(name)s is set up by the %(managed_by)s: change it there.")
            % {"name": present.name, "managed_by": present.managed_by}
        )


def changed_fields(before: Provider | None, after: Provider) -> dict[str, Any]:
    """What differs, for the audit trail."""
    if before is None:
        return {}
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in _AUDITED}
    return {name: list(pair) for name, pair in pairs.items() if pair[0] != pair[1]}
