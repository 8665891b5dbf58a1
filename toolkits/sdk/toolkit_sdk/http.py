"""HTTP with time-outs, and with the ranges that an administrator set, that an author need not
think of."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util import Retry, Timeout

from toolkit_sdk.net.resolve import connect, resolve
from toolkit_sdk.net.rules import METADATA_RANGES, NetError, Reach

TIMEOUT = (5.0, 30.0)
_PORTS = {"http": 80, "https": 443}


def session(reach: Reach | None = None) -> requests.Session:
    """Return a session that times out, retries reads over broken connections, and connects only
    to addresses within ``reach``, at each redirect anew. Without one, what clouds keep their
    machines' credentials under is denied."""
    made = requests.Session()
    # A proxy or .netrc of the surroundings is none that an administrator set for this.
    made.trust_env = False
    adapter = _Guarded(Reach.of(deny=METADATA_RANGES) if reach is None else reach)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    made.headers["User-Agent"] = "sre-toolbox-toolkit/1.0"
    return made


class _Guarded(HTTPAdapter):
    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        super().__init__(
            max_retries=Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504))
        )

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._reach)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _pools(self._reach)
        return manager

    def send(self, *args: Any, **options: Any) -> requests.Response:
        request: requests.PreparedRequest = args[0]
        if options.get("timeout") is None:
            options["timeout"] = TIMEOUT
        try:
            self._check_behind_proxy(request.url or "", options.get("proxies") or {})
            return super().send(*args, **options)
        except NetError as error:
            raise requests.ConnectionError(str(error), request=request) from error

    def _check_behind_proxy(self, url: str, proxies: Mapping[str, str]) -> None:
        """The proxy looks the name up itself; what it means here must be allowed at least."""
        if not select_proxy(url, proxies):
            return
        parts = urlsplit(url)
        try:
            resolve(parts.hostname or "", parts.port or _PORTS[parts.scheme], self._reach)
        except NetError as error:
            if error.kind == "denied" or self._reach.allow:
                raise NetError("denied", f"through the proxy: {error}") from None


def _pools(reach: Reach) -> dict[str, Any]:
    """Pools whose connections look a name up once and connect to what was checked."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, reach)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, reach)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _connected(made: HTTPConnection, reach: Reach) -> socket.socket:
    timeout = Timeout.resolve_default_timeout(made.timeout) or TIMEOUT[0]
    # Refused by the rule or without an address: trying again would not help.
    found = resolve(made.host.rstrip("."), made.port or made.default_port, reach)
    try:
        connection, _, _ = connect(found, timeout)
    except NetError as error:
        if error.kind == "timeout":
            raise ConnectTimeoutError(made, f"{made.host}: {error}") from None
        raise NewConnectionError(made, f"{made.host}: {error}") from None
    for option in made.socket_options or ():
        connection.setsockopt(*option)
    return connection
