"""Requests to places that people name: bounded, and to addresses that were checked.

A name is resolved once, every address that it has is checked, and the connection goes to an
address that passed. Redirects are not followed. An answer is read up to a limit.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError
from urllib3.util.connection import create_connection

#: Why no request may go to an address; empty when it may.
Refusal = Callable[[str], str]

TIMEOUT = (5.0, 10.0)
MOST_BYTES = 2 << 20
MOST_SECONDS = 20.0

#: Where cloud machines learn their own credentials; link-local covers the rest.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200")))


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def refusal(address: str, *, private: bool = True, allowed: Sequence[Network] = ()) -> str:
    """Why no request may go to ``address``; empty when it may.

    Without ``private``, only addresses of the public internet and of the networks ``allowed``.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    found = getattr(found, "ipv4_mapped", None) or found
    if found.is_link_local or found in _METADATA:
        return "is where a machine keeps its own credentials"
    if found.is_multicast or found.is_unspecified or (found.version == 4 and found.is_reserved):
        return "is no address of a server"
    if not private and not found.is_global and not any(found in network for network in allowed):
        return "is a private address"
    return ""


def _checked_socket(connection: Any, refuse: Refusal) -> socket.socket:
    host, port = connection._dns_host, connection.port
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NewConnectionError(connection, f"{host} has no address") from error
    last: OSError | None = None
    for *_, where in answers:
        if why := refuse(str(where[0])):
            raise NewConnectionError(connection, f"{host} leads to {where[0]}, which {why}")
    for *_, where in answers:
        try:
            return create_connection(
                (str(where[0]), port), connection.timeout, socket_options=connection.socket_options
            )
        except OSError as error:
            last = error
    raise NewConnectionError(connection, f"{host}:{port} does not answer ({last})")


def _pools(refuse: Refusal) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections go to no address that ``refuse`` has a reason against."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _checked_socket(self, refuse)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _checked_socket(self, refuse)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


class CheckedAdapter(HTTPAdapter):
    """Connects to checked addresses alone, and reads no more than ``MOST_BYTES``."""

    def __init__(self, authorities: str = "", refuse: Refusal = refusal) -> None:
        self._refuse = refuse
        self._context = ssl.create_default_context()
        if authorities.strip():
            self._context.load_verify_locations(cadata=authorities)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["ssl_context"] = self._context
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._refuse)

    def send(self, request: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        options["timeout"] = options.get("timeout") or TIMEOUT
        options["stream"] = True
        options["proxies"] = {}
        response = super().send(request, **options)
        with response:
            response._content = _bounded(response)
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def _bounded(response: requests.Response) -> bytes:
    """Read an answer up to limits of size and of time as a whole."""
    body, deadline = bytearray(), time.monotonic() + MOST_SECONDS
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > MOST_BYTES:
            raise requests.ConnectionError(f"the answer is larger than {MOST_BYTES} bytes")
        if time.monotonic() > deadline:
            raise requests.Timeout(f"the answer took more than {MOST_SECONDS:g} seconds")
    return bytes(body)


def words(error: BaseException) -> str:
    """What went wrong with a request, for a person: without the names of the library's classes."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the answer is {error.response.status_code} {error.response.reason}".strip()
    inner = error.args[0] if error.args else error
    cause = getattr(inner, "reason", None) or inner
    text = str(cause)
    if isinstance(cause, NewConnectionError | ProtocolError | ReadTimeoutError):
        text = text.partition(": ")[2] or text
    return (text.strip().splitlines() or [type(error).__name__])[0][:300]


def guard(
    session: requests.Session, authorities: str = "", check: Callable[[str], str] = refusal
) -> None:
    """Make every request of ``session`` a checked one. ``authorities`` are certificates in PEM
    that are trusted besides the system's; ``check`` gives a reason against an address."""
    session.trust_env = False
    session.max_redirects = 0
    for scheme in ("http://", "https://"):
        session.mount(scheme, CheckedAdapter(authorities, check))
