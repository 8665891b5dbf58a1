"""One TLS handshake that refuses nothing, so that everything can be looked at."""

from __future__ import annotations

import errno
import ipaddress
import os
import select
import socket
import time
from dataclasses import dataclass, field

from cryptography import x509
from OpenSSL import SSL
from toolkit_sdk.net import Endpoint, NetError, Reach, connect, explain, resolve

from tls_toolkit import starttls

VERSIONS = {
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}
# Everything that OpenSSL still knows: what is weak is to be seen, not to be refused.
_CIPHERS = b"ALL:COMPLEMENTOFALL:@SECLEVEL=0"


@dataclass(frozen=True)
class Target:
    """Where to shake hands, and how."""

    host: str
    port: int
    protocol: str = "tls"
    server_name: str = ""
    timeout: float = 10.0
    reach: Reach = field(default_factory=Reach)

    @property
    def name(self) -> str:
        """The name that the certificate must have."""
        return self.server_name or self.host


@dataclass(frozen=True)
class Seen:
    """What a handshake showed."""

    address: str
    version: str
    cipher: str
    bits: int
    chain: tuple[x509.Certificate, ...]
    staple: bytes
    connect_ms: float
    handshake_ms: float


def shake(target: Target, version: str | None = None) -> Seen:
    """Connect, ask for TLS where the protocol has it so, and shake hands.

    ``version`` allows only that one. Raises ``NetError``.
    """
    deadline = time.monotonic() + target.timeout
    found = resolve(target.host, target.port, target.reach)
    connection, endpoint, took = connect(found, target.timeout, deadline=deadline)
    with connection:
        try:
            if target.protocol != "tls":
                starttls.ASK[target.protocol](connection)
            return _tls(target, connection, endpoint, took, version, deadline)
        except OSError as error:
            raise explain(error, target.timeout) from None


def _context(version: str | None, staples: list[bytes]) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_NONE)
    context.set_cipher_list(_CIPHERS)
    context.set_min_proto_version(VERSIONS[version or "TLSv1"])
    context.set_max_proto_version(VERSIONS[version or "TLSv1.3"])

    def keep(_: SSL.Connection, staple: bytes, __: object) -> bool:
        staples.append(staple)
        return True

    context.set_ocsp_client_callback(keep)
    return context


def _tls(
    target: Target,
    connection: socket.socket,
    endpoint: Endpoint,
    took: float,
    version: str | None,
    deadline: float,
) -> Seen:
    staples: list[bytes] = []
    secure = SSL.Connection(_context(version, staples), connection)
    if not _is_address(target.name):
        secure.set_tlsext_host_name(target.name.encode("idna"))
    secure.request_ocsp()
    secure.set_connect_state()
    started = time.perf_counter()
    _handshake(secure, connection, deadline, target.timeout)
    try:
        sent = secure.get_peer_cert_chain() or []
        chain = tuple(certificate.to_cryptography() for certificate in sent)
    except ValueError as error:
        raise NetError("tls", f"a certificate cannot be read: {error}") from None
    return Seen(
        address=endpoint.address,
        version=secure.get_protocol_version_name(),
        cipher=secure.get_cipher_name() or "",
        bits=secure.get_cipher_bits() or 0,
        chain=chain,
        staple=staples[0] if staples else b"",
        connect_ms=took,
        handshake_ms=round((time.perf_counter() - started) * 1000, 2),
    )


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _handshake(
    secure: SSL.Connection, connection: socket.socket, deadline: float, timeout: float
) -> None:
    connection.setblocking(False)
    while True:
        try:
            return secure.do_handshake()
        except SSL.WantReadError:
            ready = ([connection], [])
        except SSL.WantWriteError:
            ready = ([], [connection])
        except SSL.ZeroReturnError:
            raise NetError("reset", "the server closed the connection in the handshake") from None
        except SSL.SysCallError as error:
            number = error.args[0] if error.args and isinstance(error.args[0], int) else -1
            if number <= 0:
                number = errno.ECONNRESET
            raise explain(OSError(number, os.strerror(number)), timeout) from None
        except SSL.Error as error:
            raise NetError("tls", _reason(error)) from None
        left = deadline - time.monotonic()
        if left <= 0 or not any(select.select(*ready, [], left)):
            raise NetError("timeout", f"no handshake in {timeout:g} s")


def _reason(error: SSL.Error) -> str:
    entries = error.args[0] if error.args else []
    reasons = [entry[2] for entry in entries if isinstance(entry, tuple) and entry[2]]
    text = "; ".join(dict.fromkeys(reasons))
    if "wrong version number" in text or "packet length too long" in text:
        return "the server does not speak TLS on this port (does it need STARTTLS?)"
    return f"handshake refused: {text}" if text else "handshake failed"


def offered(target: Target) -> dict[str, bool]:
    """Which versions of TLS the server takes, each tried by a handshake of its own."""
    found = {}
    for version in VERSIONS:
        try:
            shake(target, version)
            found[version] = True
        except NetError as error:
            if error.kind not in ("tls", "reset"):
                raise
            found[version] = False
    return found
