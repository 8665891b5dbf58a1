"""One probe: resolve a name, open a TCP connection, say how it went."""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import dataclass

_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN}


@dataclass(frozen=True)
class Probe:
    """The outcome. ``state`` is open, closed, timeout, unreachable, unresolved or error."""

    host: str
    port: int
    state: str
    latency_ms: float | None = None
    address: str = ""
    error: str = ""

    @property
    def ok(self) -> bool:
        """Whether the connection was accepted."""
        return self.state == "open"


def probe(host: str, port: int, timeout: float) -> Probe:
    """Connect to the first address that answers; ``timeout`` seconds for each address."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else "not a valid name"
        return Probe(host, port, "unresolved", error=str(reason))
    last = Probe(host, port, "unresolved", error="no address")
    for family, kind, protocol, _, address in found:
        last = _connect(host, port, (family, kind, protocol), address, timeout)
        if last.ok:
            break
    return last


def _connect(
    host: str, port: int, how: tuple[int, int, int], address: tuple, timeout: float
) -> Probe:
    shown = str(address[0])
    try:
        with socket.socket(*how) as connection:
            connection.settimeout(timeout)
            started = time.perf_counter()
            connection.connect(address)
            latency = (time.perf_counter() - started) * 1000
            return Probe(host, port, "open", round(latency, 2), shown)
    except TimeoutError:
        return Probe(host, port, "timeout", None, shown, f"no answer in {timeout:g} s")
    except ConnectionRefusedError:
        latency = (time.perf_counter() - started) * 1000
        return Probe(host, port, "closed", round(latency, 2), shown, "connection refused")
    except OSError as error:
        state = "unreachable" if error.errno in _UNREACHABLE else "error"
        return Probe(host, port, state, None, shown, error.strerror or str(error))
