"""Secrets of one run: read with a token that can read that toolkit's paths alone.

The token is made when the run first asks for a secret and is revoked when the run ends. Where
Vault has no role for it, the platform's own token is used, and ``scoped`` says so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

import hvac
from hvac import exceptions as vault

from toolbox.secrets.client import SecretsClient, StoredSecret
from toolbox.secrets.errors import SecretsError
from toolbox.secrets.policy import RUN

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Receipt:
    """That a run read a secret: where, which version, when, and whether by a token of its own."""

    path: str
    version: int
    at: datetime
    scoped: bool


class RunSecrets:
    """What one run of a toolkit reads. ``close`` revokes its token."""

    def __init__(self, client: SecretsClient, slug: str, seconds: int) -> None:
        self._client, self._slug, self._seconds = client, slug, seconds
        self._token: hvac.Client | None = None
        self._asked = False
        self.receipts: list[Receipt] = []

    @property
    def scoped(self) -> bool:
        """Whether the run has a token of its own."""
        return self._token is not None

    def get(self, path: str) -> StoredSecret:
        """Return the secret at ``path``. Raises ``SecretsError``."""
        if not self._asked:
            self._asked = True
            self._token = self._client.run_token(self._slug, self._seconds)
        stored = self._client.get(path, by=self._token)
        self.receipts.append(Receipt(path, stored.version, datetime.now(UTC), self.scoped))
        return stored

    def close(self) -> None:
        """Revoke the token. One that cannot be revoked now ends by its own time limit."""
        token, self._token = self._token, None
        if token is None:
            return
        try:
            token.auth.token.revoke_self()
        except (vault.VaultError, OSError) as error:
            log.warning("the token of a run was not revoked and expires: %s", type(error).__name__)


__all__ = ["RUN", "Receipt", "RunSecrets", "SecretsError"]
