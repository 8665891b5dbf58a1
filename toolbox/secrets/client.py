"""Reads and writes secrets in the KV engine, version 1 or 2, of Vault or OpenBao."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import hvac
import requests
from hvac import exceptions as vault

from toolbox.config import VaultConfig
from toolbox.secrets.connection import VaultConnection, is_known
from toolbox.secrets.errors import (
    SecretNotFound,
    SecretsConflict,
    SecretsError,
    SecretsForbidden,
    translated,
)
from toolbox.secrets.grants import Grant
from toolbox.secrets.policy import RUN

#: Told of each act: ``read``, ``written`` or ``deleted``, the path, and the version (0 on KV 1).
Observer = Callable[[str, str, int], None]

_CACHED_SECONDS = 5.0
_CACHED_MOST = 256
_MERGE_TRIES = 5


@dataclass(frozen=True)
class VaultStatus:
    """What Vault says of itself, and whether this platform can use it."""

    initialised: bool
    sealed: bool
    version: str = ""


@dataclass(frozen=True)
class StoredSecret:
    """The fields of a secret and the version they are of; KV version 1 has no versions: 0."""

    fields: dict[str, Any]
    version: int


class SecretsClient:
    """One client for all threads of a process.

    What was read is kept for a few seconds, so that a burst of jobs does not become a burst of
    requests; what this process changes is read anew at once.
    """

    def __init__(self, config: VaultConfig, observe: Observer | None = None) -> None:
        self._config = config
        self._connection = VaultConnection(config)
        self._observe: Observer = observe or (lambda *_: None)
        self._lock = threading.Lock()
        self._cache: dict[str, tuple[float, StoredSecret]] = {}
        self._kv: int | None = None
        #: Names of grants that Vault was told by this process.
        self._named: set[str] = set()

    def __repr__(self) -> str:
        return f"SecretsClient({self._config.addr})"

    def status(self) -> VaultStatus:
        """Ask Vault for its state, without signing in."""
        with translated(self._config.addr):
            found = self._connection.connect().sys.read_health_status(method="GET")
        data = found.json() if isinstance(found, requests.Response) else found
        return VaultStatus(
            bool(data.get("initialized")), bool(data.get("sealed")), str(data.get("version", ""))
        )

    def check(self) -> int:
        """Sign in and make sure that the mount can be read; returns the version of its engine.

        Raises ``SecretsError``.
        """
        mount = self._config.kv_mount

        def lookup(client: hvac.Client) -> int:
            client.auth.token.lookup_self()
            kind = self._ask_version(client)
            # An empty mount answers 404; that it is there was asked above.
            with suppress(vault.InvalidPath):
                self._engine(client, kind).list_secrets(path="", mount_point=mount)
            return kind

        self._kv = self._connection.use(lookup, f"the mount {mount}")
        return self._kv

    def read(self, path: str) -> dict[str, Any]:
        """Return the fields of the secret at ``path``."""
        return self.get(path).fields

    def get(
        self, path: str, by: hvac.Client | None = None, *, version: int | None = None
    ) -> StoredSecret:
        """Return the secret at ``path`` with its version. Raises ``SecretsError``.

        ``by`` is a client with a lesser token (see ``run_token``): Vault itself then decides.
        ``version`` asks for an earlier version than the present one, on KV 2.
        """
        if by is not None:
            stored = self._connection.use_as(by, lambda client: self._fetch(client, path), path)
        elif version is not None:
            stored = self._connection.use(lambda client: self._fetch(client, path, version), path)
        elif (found := self._cached(path)) is not None:
            stored = found
        else:
            stored = self._connection.use(lambda client: self._fetch(client, path), path)
            self._keep(path, stored)
        self._observe("read", path, stored.version)
        return stored

    def run_token(self, grant: Grant, seconds: int, *, anew: bool = False) -> hvac.Client:
        """Return a client with a token that reads what ``grant`` says and nothing else, and lives
        for ``seconds``. ``anew`` tells Vault once more what the grant's name stands for.

        Raises ``SecretsForbidden`` where Vault makes no such tokens for this platform.
        """
        place = f"auth/token/create/{RUN}"

        def make(client: hvac.Client) -> str:
            if anew or grant.name not in self._named:
                self._tell_name(client, grant)
            made = client.auth.token.create(
                role_name=RUN, entity_alias=grant.name, ttl=f"{seconds}s", renewable=False
            )
            return str(made["auth"]["client_token"])

        token = self._connection.use(make, place, again=False)
        return self._connection.connect(token)

    def _tell_name(self, client: hvac.Client, grant: Grant) -> None:
        """Let Vault know what the name of a grant stands for; the same once more is no error."""
        answer = client.adapter.get("/v1/sys/internal/ui/mounts/auth/token")
        data = answer.json() if isinstance(answer, requests.Response) else answer
        body = {
            "name": grant.name,
            "mount_accessor": data["data"]["accessor"],
            "custom_metadata": dict(grant.fields),
        }
        client.adapter.post("/v1/identity/entity-alias", json=body)
        self._named.add(grant.name)

    def write(self, path: str, data: dict[str, Any], cas: int | None = None) -> int:
        """Write all fields of a secret and return its new version.

        With ``cas``, only if the present version is that one (0: there is none), else
        ``SecretsConflict``. KV version 1 cannot check, and raises ``SecretsError`` for it.
        """
        self._drop(path)
        version = self._connection.use(lambda client: self._store(client, path, data, cas), path)
        self._drop(path)
        self._observe("written", path, version)
        return version

    def merge(self, path: str, data: dict[str, Any]) -> int:
        """Set some fields of a secret and keep the others, also when two do so at once."""
        return self._change(path, lambda present: {**present, **data})

    def without(self, path: str, names: Collection[str]) -> int:
        """Remove some fields of a secret and keep the others. KV 2 keeps versions of before."""
        return self._change(
            path, lambda present: {key: present[key] for key in present if key not in names}
        )

    def _change(self, path: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
        for _ in range(_MERGE_TRIES):
            self._drop(path)
            try:
                present = self._connection.use(lambda client: self._fetch(client, path), path)
            except SecretNotFound:
                present = StoredSecret({}, 0)
            cas = present.version if self._version() == 2 else None
            try:
                return self.write(path, change(present.fields), cas)
            except SecretsConflict:
                continue
        raise SecretsConflict(f"The secret at {path} is being changed by others over and over.")

    def delete(self, path: str) -> None:
        """Delete the secret with all its versions; one that is not there is no error."""
        self._drop(path)

        def remove(client: hvac.Client) -> None:
            mount = self._config.kv_mount
            if self._version_of(client) == 2:
                client.secrets.kv.v2.delete_metadata_and_all_versions(path=path, mount_point=mount)
            else:
                client.secrets.kv.v1.delete_secret(path=path, mount_point=mount)

        self._connection.use(remove, path)
        self._drop(path)
        self._observe("deleted", path, 0)

    def names(self, path: str) -> list[str]:
        """Return what lies directly below ``path``: secrets, and folders, which end in a slash."""

        def listing(client: hvac.Client) -> list[str]:
            engine = self._engine(client, self._version_of(client))
            found = engine.list_secrets(path=path, mount_point=self._config.kv_mount)
            return list(found["data"]["keys"])

        try:
            return self._connection.use(listing, path)
        except SecretNotFound:
            return []

    def _fetch(self, client: hvac.Client, path: str, version: int | None = None) -> StoredSecret:
        mount = self._config.kv_mount
        if self._version_of(client) == 1:
            found = client.secrets.kv.v1.read_secret(path=path, mount_point=mount)
            return StoredSecret(dict(found["data"] or {}), 0)
        found = client.secrets.kv.v2.read_secret_version(
            path=path, version=version, mount_point=mount, raise_on_deleted_version=True
        )["data"]
        return StoredSecret(dict(found["data"] or {}), int(found["metadata"]["version"]))

    def _store(
        self, client: hvac.Client, path: str, data: dict[str, Any], cas: int | None
    ) -> int:
        mount = self._config.kv_mount
        if self._version_of(client) == 2:
            found = client.secrets.kv.v2.create_or_update_secret(
                path=path, secret=data, cas=cas, mount_point=mount
            )
            return int(found["data"]["version"])
        if cas is not None:
            raise SecretsError(f"{mount} is KV version 1, which cannot check before it writes.")
        client.secrets.kv.v1.create_or_update_secret(path=path, secret=data, mount_point=mount)
        return 0

    def _version(self) -> int:
        return self._connection.use(self._version_of, f"the mount {self._config.kv_mount}")

    def _version_of(self, client: hvac.Client) -> int:
        if self._kv is None:
            self._kv = self._ask_version(client)
        return self._kv

    def _ask_version(self, client: hvac.Client) -> int:
        mount = self._config.kv_mount
        try:
            answer = client.adapter.get(f"/v1/sys/internal/ui/mounts/{mount}")
        except vault.Forbidden:
            if not is_known(client):
                raise
            raise SecretsForbidden(
                f"In Vault the mount {mount} is missing, or this platform may not use it."
            ) from None
        data = answer.json() if isinstance(answer, requests.Response) else answer
        found = data["data"]
        if found.get("type") not in ("kv", "generic"):
            raise SecretsError(f"The mount {mount} is not a KV engine.")
        return int((found.get("options") or {}).get("version") or 1)

    def _engine(self, client: hvac.Client, version: int) -> Any:
        return client.secrets.kv.v2 if version == 2 else client.secrets.kv.v1

    def _cached(self, path: str) -> StoredSecret | None:
        with self._lock:
            until, stored = self._cache.get(path, (0.0, None))
        return stored if stored is not None and time.monotonic() < until else None

    def _keep(self, path: str, stored: StoredSecret) -> None:
        with self._lock:
            if len(self._cache) >= _CACHED_MOST:
                self._cache.clear()
            self._cache[path] = (time.monotonic() + _CACHED_SECONDS, stored)

    def _drop(self, path: str) -> None:
        with self._lock:
            self._cache.pop(path, None)
