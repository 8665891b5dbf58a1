"""Secrets of one run: read with tokens that can read what this toolkit may and nothing else.

A token is made when the run first asks for a secret and is revoked when the run ends; that of a
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
from toolbox.secrets.policy import RUN, RUN_SHARED

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


@dataclass(frozen=True)
class _Scope:
    """What a token of a run is for: a token role, and the name put into its policy."""

    role: str
    alias: str


class RunSecrets:
    """What one run of a toolkit reads. ``close`` revokes its tokens."""

    def __init__(self, client: SecretsClient, slug: str, seconds: float) -> None:
        self._client, self._slug = client, slug
        self._seconds = max(60, min(int(seconds), _LONGEST_SECONDS))
        self._tokens: dict[_Scope, hvac.Client] = {}
        self._receipts: dict[tuple[str, int, bool], Receipt] = {}

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
        scope = _scope_of(path, self._slug)
        token = self._token(scope) if scope else None
        if scope is None or token is None:
            return self._client.get(path), False
        try:
            return self._client.get(path, by=token), True
        except SecretsForbidden:
            # It may have ended: with its own time, or with the sign-in that it was made by.
            if _lives(token):
                raise
            del self._tokens[scope]
            token = self._token(scope)
            if token is None:
                return self._client.get(path), False
            return self._client.get(path, by=token), True

    def _token(self, scope: _Scope) -> hvac.Client | None:
        token = self._tokens.get(scope)
        if token is None and not _refusals.stands(scope.role):
            try:
                token = self._client.run_token(scope.role, scope.alias, self._seconds)
            except SecretsSignInRefused:
                raise
            except SecretsForbidden as error:
                _refusals.note(scope.role, error)
            else:
                self._tokens[scope] = token
        return token

    def close(self) -> None:
        """Revoke the tokens. One that cannot be revoked now ends by its own time limit."""
        tokens, self._tokens = self._tokens, {}
        for token in tokens.values():
            try:
                token.auth.token.revoke_self()
            except (vault.VaultError, OSError) as error:
                kind = type(error).__name__
                log.warning("the token of a run was not revoked and expires: %s", kind)


def _scope_of(path: str, slug: str) -> _Scope | None:
    """The narrowest token for a path; None where there is none for it."""
    if path.startswith(f"toolkits/{slug}/"):
        return _Scope(RUN, slug)
    if path.startswith("shared/"):
        name = path.removeprefix("shared/").partition("/")[0]
        # Vault takes the names of aliases in small letters only.
        return _Scope(RUN_SHARED, name) if name == name.lower() else None
    return None


def _lives(token: hvac.Client) -> bool:
    try:
        token.auth.token.lookup_self()
    except (vault.Forbidden, vault.Unauthorized):
        return False
    except (vault.VaultError, OSError):
        return True
    return True


class _Refusals:
    """Which roles Vault refused lately, so that not every run asks in vain."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def stands(self, role: str) -> bool:
        with self._lock:
            return time.monotonic() < self._until.get(role, 0.0)

    def note(self, role: str, error: SecretsError) -> None:
        with self._lock:
            self._until[role] = time.monotonic() + _ASK_AGAIN_SECONDS
        log.warning(
            "Vault makes no tokens for runs (role %s): their secrets are read with the platform's"
            " own token. `manage.py bootstrap_vault` makes the role. %s",
            role,
            error,
        )

    def forget(self) -> None:
        with self._lock:
            self._until.clear()


_refusals = _Refusals()


def forget() -> None:
    """Ask Vault anew for tokens that it refused, for tests."""
    _refusals.forget()


__all__ = ["RUN", "RUN_SHARED", "Receipt", "RunSecrets", "forget"]
