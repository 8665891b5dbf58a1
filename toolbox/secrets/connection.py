"""The connection to Vault: signed in, kept signed in, and patient with short faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import hvac
import requests
from hvac import exceptions as vault
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from toolbox import metrics
from toolbox.config import VaultConfig
from toolbox.secrets.errors import SecretsError, SecretsSignInRefused, translated

T = TypeVar("T")

_POOL = 16
# A token is renewed when this part of its life is over.
_RENEW_AFTER = 2 / 3


def _session(config: VaultConfig) -> requests.Session:
    """A session that keeps connections and retries what surely was not carried out."""
    retry = Retry(
        total=3,
        connect=2,
        read=1,
        status=2,
        backoff_factor=0.1,
        status_forcelist=(429, 502, 504),
        allowed_methods=("GET", "LIST", "HEAD"),
        raise_on_status=False,
    )
    session = requests.Session()
    adapter = HTTPAdapter(max_retries=retry, pool_maxsize=_POOL)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.verify = False if config.tls_skip_verify else (config.ca_cert or True)
    # A proxy of the environment is not where secrets go.
    session.trust_env = False
    return session


class VaultConnection:
    """One for all threads of a process.

    It signs in when it must: at first, when its token is about to expire and cannot be renewed,
    when the token is refused, and when the token file has changed.
    """

    def __init__(self, config: VaultConfig) -> None:
        self.config = config
        self._lock = threading.Lock()
        self._session = _session(config)
        self._client: hvac.Client | None = None
        self._renew_at: float | None = None
        self._file_stamp: tuple[int, ...] = ()

    def use(self, action: Callable[[hvac.Client], T], path: str, *, again: bool = True) -> T:
        """Do ``action`` with a signed-in client. Raises ``SecretsError`` that names ``path``.

        What is refused is done once more after a new sign-in, unless ``again`` is false: for
        what Vault may well refuse, though the token is good.
        """
        with _measured(), translated(path):
            client = self._signed_in()
            try:
                return action(client)
            except (vault.Forbidden, vault.Unauthorized):
                if not again and is_known(client):
                    raise
                return action(self._signed_in(instead_of=client))

    def use_as(self, client: hvac.Client, action: Callable[[hvac.Client], T], path: str) -> T:
        """Do ``action`` with a client that has a token of its own. Raises ``SecretsError``."""
        with _measured(), translated(path):
            return action(client)

    @property
    def verify(self) -> bool | str:
        """What its certificate is checked against, as requests takes it."""
        return self._session.verify if self._session.verify is not None else True

    def forget(self) -> None:
        """Sign in anew at the next use."""
        with self._lock:
            self._client = None

    def connect(self, token: str = "") -> hvac.Client:
        """Return a client with ``token``; without one, for what anybody may ask."""
        return hvac.Client(
            url=self.config.addr,
            token=token,
            namespace=self.config.namespace or None,
            timeout=self.config.timeout,
            session=self._session,
            # Given a session, hvac takes what to trust from it alone where this is the same.
            verify=self._session.verify,
        )

    def _signed_in(self, instead_of: hvac.Client | None = None) -> hvac.Client:
        with self._lock:
            client = self._client
            if client is None or client is instead_of or self._file_changed():
                # What a refused sign-in leaves behind is no client, rather than the one before.
                self._client = None
                client = self._client = self._sign_in()
            elif self._renew_at is not None and time.monotonic() >= self._renew_at:
                client = self._client = self._renewed(client)
            return client

    def _file_changed(self) -> bool:
        return bool(self.config.token_file) and self._stamp() != self._file_stamp

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = Path(self.config.token_file).stat()
        except OSError:
            return ()
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _sign_in(self) -> hvac.Client:
        if self.config.auth_method == "approle":
            return self._sign_in_by_role()
        client = self.connect(self._given_token())
        try:
            found = client.auth.token.lookup_self()["data"]
        except (vault.Forbidden, vault.Unauthorized):
            raise SecretsSignInRefused(
                "Vault refuses this platform's token: it is wrong, has expired or was revoked. "
                "Give the platform a new one."
            ) from None
        self._note_life(float(found.get("ttl") or 0))
        return client

    def _sign_in_by_role(self) -> hvac.Client:
        client = self.connect()
        try:
            made = client.auth.approle.login(
                role_id=self.config.role_id, secret_id=self.config.secret_id
            )
        except (vault.InvalidRequest, vault.Forbidden) as error:
            raise SecretsSignInRefused(
                "Vault refuses this platform's AppRole: its role id or secret id is wrong, "
                f"revoked or used up ({_first_error(error)}). Make a new secret id."
            ) from None
        self._note_life(float(made["auth"].get("lease_duration") or 0))
        return client

    def _given_token(self) -> str:
        if not self.config.token_file:
            return self.config.token
        self._file_stamp = self._stamp()
        try:
            return Path(self.config.token_file).read_text().strip()
        except OSError as error:
            raise SecretsSignInRefused(
                f"The token file {self.config.token_file} cannot be read: {error.strerror}."
            ) from None

    def _renewed(self, client: hvac.Client) -> hvac.Client:
        try:
            made = client.auth.token.renew_self()
        except vault.VaultError:
            # It cannot be renewed any more, or at all: a new sign-in says why if that fails too.
            return self._sign_in()
        left = float(made["auth"].get("lease_duration") or 0)
        if left <= 1 and self.config.auth_method == "approle":
            return self._sign_in()
        self._note_life(left)
        return client

    def _note_life(self, seconds: float) -> None:
        """Remember when to renew; a token that never ends has 0."""
        self._renew_at = time.monotonic() + seconds * _RENEW_AFTER if seconds else None


def is_known(client: hvac.Client) -> bool:
    """Whether Vault knows the client's token, so that only the act was refused."""
    try:
        client.auth.token.lookup_self()
    except (vault.Forbidden, vault.Unauthorized):
        return False
    return True


@contextmanager
def _measured() -> Iterator[None]:
    started, outcome = time.monotonic(), "ok"
    try:
        yield
    except SecretsError as error:
        outcome = type(error).__name__
        raise
    finally:
        metrics.count("toolbox_vault_calls", outcome)
        metrics.observe("toolbox_vault_call_seconds", time.monotonic() - started)


def _first_error(error: Any) -> str:
    found = getattr(error, "errors", None) or [str(error)]
    return str(found[0])[:200]
