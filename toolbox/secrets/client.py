"""Reads and writes secrets in KV version 2 of Vault or OpenBao."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import hvac
import requests
from hvac import exceptions as vault

from toolbox.config import VaultConfig
from toolbox.secrets.errors import (
    SecretNotFound,
    SecretsError,
    SecretsForbidden,
    SecretsSealed,
    SecretsUnavailable,
)

T = TypeVar("T")


@dataclass(frozen=True)
class VaultStatus:
    """What Vault says of itself, and whether this platform can use it."""

    initialised: bool
    sealed: bool
    version: str = ""


class SecretsClient:
    """One client for all threads of a process. It signs in when it must, and again when its
    token is refused, because tokens expire and are revoked while a process lives."""

    def __init__(self, config: VaultConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._client: hvac.Client | None = None

    def __repr__(self) -> str:
        return f"SecretsClient({self._config.addr})"

    def status(self) -> VaultStatus:
        """Ask Vault for its state, without signing in."""
        with _errors(self._config.addr):
            found = self._connect().sys.read_health_status(method="GET")
        data = found.json() if isinstance(found, requests.Response) else found
        return VaultStatus(
            bool(data.get("initialized")), bool(data.get("sealed")), str(data.get("version", ""))
        )

    def check(self) -> None:
        """Sign in and make sure that the mount can be read. Raises ``SecretsError``."""
        mount = self._config.kv_mount

        def lookup(client: hvac.Client) -> None:
            client.auth.token.lookup_self()
            try:
                client.secrets.kv.v2.list_secrets(path="", mount_point=mount)
            except vault.InvalidPath:
                # An empty mount answers 404, and so does one that is not there: tell them apart.
                client.adapter.get(f"/v1/sys/internal/ui/mounts/{mount}")

        self._use(lookup, f"the mount {mount}")

    def read(self, path: str) -> dict[str, Any]:
        """Return the fields of the secret at ``path``."""
        return self.read_with_version(path)[0]

    def read_with_version(self, path: str) -> tuple[dict[str, Any], int]:
        """Return the fields and the version number."""
        found = self._use(
            lambda client: client.secrets.kv.v2.read_secret_version(
                path=path, mount_point=self._config.kv_mount, raise_on_deleted_version=True
            ),
            path,
        )
        return dict(found["data"]["data"] or {}), int(found["data"]["metadata"]["version"])

    def write(self, path: str, data: dict[str, Any], cas: int | None = None) -> int:
        """Write all fields of a secret and return its new version. With ``cas``, only if the
        present version is that one (0: there is none)."""
        found = self._use(
            lambda client: client.secrets.kv.v2.create_or_update_secret(
                path=path, secret=data, cas=cas, mount_point=self._config.kv_mount
            ),
            path,
        )
        return int(found["data"]["version"])

    def delete(self, path: str) -> None:
        """Delete the secret with all its versions; one that is not there is no error."""
        self._use(
            lambda client: client.secrets.kv.v2.delete_metadata_and_all_versions(
                path=path, mount_point=self._config.kv_mount
            ),
            path,
        )

    def _connect(self, token: str | None = None) -> hvac.Client:
        config = self._config
        verify: bool | str = False if config.tls_skip_verify else (config.ca_cert or True)
        return hvac.Client(
            url=config.addr,
            token=token or "",
            namespace=config.namespace or None,
            verify=verify,
            timeout=config.timeout,
        )

    def _sign_in(self) -> hvac.Client:
        config = self._config
        if config.auth_method == "approle":
            client = self._connect()
            client.auth.approle.login(role_id=config.role_id, secret_id=config.secret_id)
            return client
        token = config.token
        if config.token_file:
            try:
                token = Path(config.token_file).read_text().strip()
            except OSError as error:
                raise SecretsForbidden(
                    f"The token file {config.token_file} cannot be read: {error.strerror}."
                ) from None
        return self._connect(token)

    def _signed_in(self, *, again: bool) -> hvac.Client:
        with self._lock:
            if self._client is None or again:
                self._client = self._sign_in()
            return self._client

    def _use(self, action: Callable[[hvac.Client], T], path: str) -> T:
        with _errors(path):
            try:
                return action(self._signed_in(again=False))
            except (vault.Forbidden, vault.Unauthorized):
                return action(self._signed_in(again=True))


@contextmanager
def _errors(path: str) -> Iterator[None]:
    """Turn what hvac and requests raise into errors that name the place and no value."""
    try:
        yield
    except SecretsError:
        raise
    except vault.InvalidPath:
        raise SecretNotFound(f"There is no secret at {path}.") from None
    except vault.VaultDown:
        raise SecretsSealed("Vault is sealed. Unseal it, then try again.") from None
    except (vault.Forbidden, vault.Unauthorized):
        raise SecretsForbidden(f"Vault does not allow this platform to use {path}.") from None
    except vault.InvalidRequest as error:
        raise SecretsForbidden(f"Vault refused the request for {path}: {error}.") from None
    except (vault.VaultError, requests.RequestException, ValueError) as error:
        kind = type(error).__name__
        raise SecretsUnavailable(f"Vault cannot be reached or does not work ({kind}).") from None
