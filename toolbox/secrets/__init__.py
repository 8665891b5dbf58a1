"""Secrets, kept in Vault or OpenBao and nowhere else."""

from functools import cache

from django.conf import settings

from toolbox.secrets.client import SecretsClient, VaultStatus
from toolbox.secrets.errors import (
    SecretNotFound,
    SecretsError,
    SecretsForbidden,
    SecretsSealed,
    SecretsUnavailable,
)


@cache
def client() -> SecretsClient:
    """The process's client. ``client.cache_clear()`` forgets it, for tests."""
    return SecretsClient(settings.VAULT)


__all__ = [
    "SecretNotFound",
    "SecretsClient",
    "SecretsError",
    "SecretsForbidden",
    "SecretsSealed",
    "SecretsUnavailable",
    "VaultStatus",
    "client",
]
