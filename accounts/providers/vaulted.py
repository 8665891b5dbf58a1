"""Values of providers' secrets, by reference to Vault."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Provider
from accounts.providers.config import SecretReference, parse
from accounts.providers.problems import ProviderUnavailable
from toolbox import secrets
from toolbox.secrets import SecretsError
from toolbox.secrets.placeholders import PLACEHOLDER


def read(provider: Provider, field: str) -> str:
    """Return the value of ``field``; an empty text where there is no reference."""
    if typed := (provider.unsaved_secrets or {}).get(field):
        return typed
    if field not in provider.secrets:
        return ""
    reference: SecretReference = parse(SecretReference, provider.secrets[field], field)
    try:
        mount = "" if reference.mount == settings.VAULT.kv_mount else reference.mount
        stored = secrets.client(mount).get(reference.path, version=reference.version)
    except SecretsError as error:
        raise ProviderUnavailable(f"The secret {field}: {error}") from None
    value = stored.fields.get(reference.key)
    if not isinstance(value, str) or not value:
        raise ProviderUnavailable(
            f"The secret {field}: there is no {reference.key} at {reference.path}."
        )
    if value == PLACEHOLDER:
        raise ProviderUnavailable(
            f"The secret {field}: {reference.key} at {reference.path} is still the placeholder. "
            "Write the real value there."
        )
    return value


def write(provider: Provider, field: str, value: str) -> dict[str, str]:
    """Create or replace a secret in Vault and return the reference to it."""
    path = f"auth/providers/{provider.slug}"
    secrets.client().merge(path, {field: value})
    return {"mount": settings.VAULT.kv_mount, "path": path, "key": field}
