"""From a name to addresses that may be reached, and a connection to one of exactly those."""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import dataclass, field
from typing import Any, Literal

from toolkit_sdk.net.rules import NetError, Reach

Family = Literal["any", "ipv4", "ipv6"]
FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_UNREACHABLE = {
    errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EACCES,
    errno.EPERM, errno.EAFNOSUPPORT,
}  # fmt: skip


@dataclass(frozen=True)
class Endpoint:
    """One address of a host and port, as sockets take it."""

    family: int
    address: str
    sockaddr: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True)
class Resolved:
    """The addresses of a name that may be reached, and how long the look-up took."""

    host: str
    port: int
    endpoints: tuple[Endpoint, ...]
    dns_ms: float


def resolve(host: str, port: int, reach: Reach, *, family: Family = "any") -> Resolved:
    """Look a name up and drop the addresses that ``reach`` refuses.

    Raises ``NetError``: ``name`` when there is no address, ``denied`` when none may be reached.
    """
    started = time.perf_counter()
    try:
        found = socket.getaddrinfo(host, port, FAMILIES[family], socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise NetError("name", f"{host}: {error.strerror or error}") from None
    except (UnicodeError, ValueError):
        raise NetError("name", f"{host!r} is not a valid name") from None
    dns_ms = (time.perf_counter() - started) * 1000
    unique = dict.fromkeys((family, str(addr[0]), addr) for family, _, _, _, addr in found)
    every = [Endpoint(int(number), address, addr) for number, address, addr in unique]
    if not every:
        raise NetError("name", f"{host} has no address of the wanted family")
    refusals = {endpoint.address: reach.refusal(endpoint.address) for endpoint in every}
    kept = tuple(endpoint for endpoint in every if refusals[endpoint.address] is None)
    if not kept:
        why = next(reason for reason in refusals.values() if reason)
        raise NetError("denied", why if host in refusals else f"{host}: {why}")
    return Resolved(host, port, kept, round(dns_ms, 3))


def explain(error: OSError, timeout: float | None = None) -> NetError:
    """Return what went wrong with a connection, by kind and in words."""
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        within = f" in {timeout:g} s" if timeout else " in time"
        return NetError("timeout", f"no answer{within}")
    if isinstance(error, ConnectionRefusedError):
        return NetError("refused", "connection refused")
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return NetError("reset", "the other side closed the connection")
    if error.errno in _UNREACHABLE:
        return NetError("unreachable", error.strerror or str(error))
    return NetError("error", error.strerror or str(error) or type(error).__name__)


def connect(
    resolved: Resolved, timeout: float, *, deadline: float | None = None
) -> tuple[socket.socket, Endpoint, float]:
    """Connect over TCP to the first address that answers, each within ``timeout`` seconds and
    all before ``deadline`` (of ``time.monotonic``).

    Returns the socket, where it is connected to, and the milliseconds that it took. The name
    is not looked up again: what was checked is what is connected to. Raises ``NetError``.
    """
    last = NetError("error", "there is no address to connect to")
    for endpoint in resolved.endpoints:
        left = timeout if deadline is None else min(timeout, deadline - time.monotonic())
        if left <= 0:
            raise NetError("timeout", f"no answer in {timeout:g} s")
        connection = socket.socket(endpoint.family, socket.SOCK_STREAM)
        connection.settimeout(left)
        started = time.perf_counter()
        try:
            connection.connect(endpoint.sockaddr)
        except OSError as error:
            connection.close()
            last = explain(error, timeout)
            continue
        connection.settimeout(timeout)
        return connection, endpoint, round((time.perf_counter() - started) * 1000, 3)
    raise last
