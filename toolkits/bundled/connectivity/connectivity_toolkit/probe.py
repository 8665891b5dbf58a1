"""One probe over TCP, TLS or UDP, without blocking anybody."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import socket
import ssl
import time
from dataclasses import dataclass, field
from functools import cache

from toolkit_sdk.net import Endpoint, NetError, explain

from connectivity_toolkit.app import Protocol

#: How error kinds are called in results. What is not here is ``error``.
STATES = {
    "refused": "closed",
    "timeout": "timeout",
    "unreachable": "unreachable",
    "name": "unresolved",
    "denied": "denied",
    "tls": "tls error",
    "reset": "reset",
    "silent": "no reply",
}


@dataclass(frozen=True)
class Probe:
    """What is to be tried."""

    host: str
    port: int
    protocol: Protocol = "tcp"

    @property
    def label(self) -> str:
        """Host and port as people write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Outcome:
    """What came of it. ``kind`` is empty where it answered, else the kind of error."""

    probe: Probe
    address: str = ""
    kind: str = ""
    error: str = ""
    dns_ms: float | None = None
    latency_ms: float | None = None
    tls_ms: float | None = None
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether it answered."""
        return not self.kind

    @property
    def state(self) -> str:
        """The state in a word."""
        return "open" if self.ok else STATES.get(self.kind, "error")


@dataclass(frozen=True)
class Taken:
    """What one address gave."""

    latency_ms: float
    tls_ms: float | None = None
    detail: str = ""


@dataclass
class Failed(Exception):
    """What one address failed with, and after how long where it answered by that."""

    kind: str
    text: str
    latency_ms: float | None = field(default=None)


async def take(probe: Probe, endpoint: Endpoint, timeout: float) -> Taken:
    """Probe one address within ``timeout`` seconds. Raises ``Failed``."""
    sockaddr = (endpoint.sockaddr[0], probe.port, *endpoint.sockaddr[2:])
    kind = socket.SOCK_DGRAM if probe.protocol == "udp" else socket.SOCK_STREAM
    started = time.perf_counter()
    try:
        connection = socket.socket(endpoint.family, kind)
    except OSError as error:
        raise Failed("error", os.strerror(error.errno or 0)) from None
    connection.setblocking(False)
    try:
        async with asyncio.timeout(timeout):
            if probe.protocol == "udp":
                return await _udp(connection, sockaddr, probe.port, started)
            await asyncio.get_running_loop().sock_connect(connection, sockaddr)
            took = _since(started)
            if probe.protocol == "tcp":
                return Taken(took)
            return await _tls(connection, probe.host, took)
    except TimeoutError:
        raise _too_late(probe, timeout) from None
    except ssl.SSLCertVerificationError as error:
        raise Failed("tls", f"certificate not accepted: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise Failed("tls", f"TLS failed: {error.reason or error}") from None
    except OSError as error:
        known: NetError = explain(error, timeout)
        late = _since(started) if known.kind == "refused" else None
        raise Failed(known.kind, str(known), late) from None
    finally:
        connection.close()


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)


def _too_late(probe: Probe, timeout: float) -> Failed:
    if probe.protocol == "udp":
        return Failed("silent", f"no reply in {timeout:g} s: it may be open, or filtered")
    return Failed("timeout", f"no answer in {timeout:g} s")


@cache
def _context() -> ssl.SSLContext:
    # Reading the system's authorities takes longer than most handshakes.
    return ssl.create_default_context()


async def _tls(connection: socket.socket, host: str, took: float) -> Taken:
    started = time.perf_counter()
    _, writer = await asyncio.open_connection(sock=connection, ssl=_context(), server_hostname=host)
    tls_ms = _since(started)
    secure = writer.get_extra_info("ssl_object")
    ends = ssl.cert_time_to_seconds(str(secure.getpeercert()["notAfter"]))
    left = (dt.datetime.fromtimestamp(ends, dt.UTC) - dt.datetime.now(dt.UTC)).days
    writer.transport.abort()
    return Taken(took, tls_ms, f"{secure.version()}, certificate for {left} more days")


#: Questions that servers of these ports answer. Any other port is sent an empty datagram.
_QUESTIONS = {
    # DNS: the name servers of the root.
    53: bytes.fromhex("1234010000010000000000000000020001"),
    # NTP: a client of version 4.
    123: b"\x23" + bytes(47),
    # SNMP: sysDescr.0 of the community public.
    161: bytes.fromhex(
        "302602010104067075626c6963a019020101020100020100300e300c06082b060102010101000500"
    ),
    # SSDP: who is there.
    1900: b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
    b'MAN: "ssdp:discover"\r\nMX: 1\r\nST: ssdp:all\r\n\r\n',
}


async def _udp(
    connection: socket.socket, sockaddr: tuple[object, ...], port: int, started: float
) -> Taken:
    loop = asyncio.get_running_loop()
    # Connected, so that the system tells of an ICMP answer that nobody listens.
    connection.connect(sockaddr)
    with contextlib.suppress(BlockingIOError):
        connection.send(_QUESTIONS.get(port, b""))
    reply = await loop.sock_recv(connection, 2048)
    return Taken(_since(started), None, f"{len(reply)} bytes came back")
