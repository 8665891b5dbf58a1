"""Secrets of one run: read with a token that can read what this toolkit declares and nothing else.

The token is made when the run first asks for a secret and is revoked when the run ends; that of a
run whose worker was lost ends by its own time limit. Where Vault makes no such tokens for the
platform, the platform's own token is used: the log says so, and each receipt does.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import hvac
from hvac import exceptions as vault

from toolbox.secrets.client import SecretsClient, StoredSecret
from toolbox.secrets.errors import SecretsError, SecretsForbidden, SecretsSignInRefused
from toolbox.secrets.grants import Grant
from toolbox.secrets.policy import RUN

log = logging.getLogger(__name__)

#: After Vault has refused to make a token, it is asked again so much later.
_ASK_AGAIN_SECONDS = 60.0
#: The role's own limit: longer runs get another token.
_LONGEST_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Receipt:
    """That a run read a secret: where, which version, when first and how often, and whether by a
    token of its own."""

    path: str
    version: int
    at: datetime
    scoped: bool
    times: int = 1


class RunSecrets:
    """What one run of a toolkit reads. ``close`` revokes its token."""

    def __init__(self, client: SecretsClient, grant: Grant, seconds: float) -> None:
        self._client, self._grant = client, grant
        self._seconds = max(60, min(int(seconds), _LONGEST_SECONDS))
        self._token: hvac.Client | None = None
        self._receipts: dict[tuple[str, int, bool], Receipt] = {}
        # Once a run: a path that Vault's own policy denies stays denied.
        self._may_tell_anew = True

    @property
    def receipts(self) -> list[Receipt]:
        """What was read so far, in the order of the first reading."""
        return list(self._receipts.values())

    def get(self, path: str) -> StoredSecret:
        """Return the secret at ``path``. Raises ``SecretsError``."""
        stored, scoped = self._read(path)
        self.note(path, stored.version, scoped=scoped)
        return stored

    def note(self, path: str, version: int, *, scoped: bool = False) -> None:
        """Keep a receipt, also of what the platform read for the run."""
        new = Receipt(path, version, datetime.now(UTC), scoped)
        known = self._receipts.get((path, version, scoped))
        receipt = replace(known, times=known.times + 1) if known else new
        self._receipts[path, version, scoped] = receipt

    def _read(self, path: str) -> tuple[StoredSecret, bool]:
        token = self._own_token() if self._grant.covers(path) else None
        if token is None:
            return self._client.get(path), False
        try:
            return self._client.get(path, by=token), True
        except SecretsForbidden:
            token = self._another_for(token)
            if token is None:
                raise
        return self._client.get(path, by=token), True

    def _another_for(self, refused: hvac.Client) -> hvac.Client | None:
        """Return a token in place of one that was refused, or None where that would be no use.

        It may have ended, with its own time or with the sign-in that it was made by; or Vault,
        set back to a backup, has forgotten what the name of the token stands for.
        """
        lives = _lives(refused)
        if lives and not self._may_tell_anew:
            return None
        self._may_tell_anew = self._may_tell_anew and not lives
        if lives:
            _revoke(refused)
        self._token = None
        return self._own_token(anew=lives)

    def _own_token(self, *, anew: bool = False) -> hvac.Client | None:
        if self._token is None and not _refusals.stands():
            try:
                self._token = self._client.run_token(self._grant, self._seconds, anew=anew)
            except SecretsSignInRefused:
                raise
            except SecretsForbidden as error:
                _refusals.note(error)
        return self._token

    def close(self) -> None:
        """Revoke the token. One that cannot be revoked now ends by its own time limit."""
        token, self._token = self._token, None
        if token is not None:
            _revoke(token)


def _revoke(token: hvac.Client) -> None:
    try:
        token.auth.token.revoke_self()
    except (vault.VaultError, OSError) as error:
        kind = type(error).__name__
        log.warning("the token of a run was not revoked and expires: %s", kind)


def _lives(token: hvac.Client) -> bool:
    try:
        token.auth.token.lookup_self()
    except (vault.Forbidden, vault.Unauthorized):
        return False
    except (vault.VaultError, OSError):
        return True
    return True


class _Refusals:
    """Whether Vault refused to make tokens lately, so that not every run asks in vain."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def stands(self) -> bool:
        with self._lock:
            return time.monotonic() < self._until

    def note(self, error: SecretsError) -> None:
        with self._lock:
            self._until = time.monotonic() + _ASK_AGAIN_SECONDS
        log.warning(
            "Vault makes no tokens for runs (role %s): their secrets are read with the platform's"
            " own token. `manage.py bootstrap_vault` makes the role and its policies. %s",
            RUN,
            error,
        )

    def forget(self) -> None:
        with self._lock:
            self._until = 0.0


_refusals = _Refusals()


def forget() -> None:
    """Ask Vault anew for tokens that it refused, for tests."""
    _refusals.forget()


__all__ = ["RUN", "Receipt", "RunSecrets", "forget"]
