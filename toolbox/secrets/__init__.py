"""Secrets, kept in Vault or OpenBao and nowhere else."""

from dataclasses import replace
from functools import cache
from typing import Any

from django.conf import settings

from toolbox import context, events
from toolbox.secrets.client import SecretsClient, StoredSecret, VaultStatus
from toolbox.secrets.errors import (
    SecretNotFound,
    SecretsConflict,
    SecretsError,
    SecretsForbidden,
    SecretsSealed,
    SecretsSignInRefused,
    SecretsUnavailable,
)


@cache
def client(mount: str = "") -> SecretsClient:
    """The process's client, of the platform's own mount unless another is named (which its
    policy must allow). ``client.cache_clear()`` forgets it, for tests.

    Every act is recorded by path, version and who it was for; a secret whose reading cannot be
    recorded is not handed out.
    """
    config = replace(settings.VAULT, kv_mount=mount) if mount else settings.VAULT
    return SecretsClient(config, observe=_record)


def _record(act: str, path: str, version: int) -> None:
    work = context.current()
    details: dict[str, Any] = {"path": path, "toolkit": work.toolkit}
    if act != "deleted":
        details["version"] = str(version)
    events.emit(f"secret.{act}", actor=work.user or None, **details)


__all__ = [
    "SecretNotFound",
    "SecretsClient",
    "SecretsConflict",
    "SecretsError",
    "SecretsForbidden",
    "SecretsSealed",
    "SecretsSignInRefused",
    "SecretsUnavailable",
    "StoredSecret",
    "VaultStatus",
    "client",
]
