"""Syslog as RFC 5424 has it, with the framing of RFC 6587 and RFC 5425 on streams."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

#: The default port of each transport.
PORTS = {"udp": 514, "tcp": 601, "tls": 6514}

_FACILITY = 13  # log audit
_SEVERITIES = {"critical": 2, "warning": 4, "notice": 5, "info": 6}
_APP = "sre-toolbox"
_LARGEST_ID = 2_147_483_647
_SECONDS = 5.0


@dataclass(frozen=True)
class Target:
    """A syslog server; ``ca`` is the file of its authority where the system's do not do."""

    kind: str
    host: str
    port: int
    ca: str = ""


def message(line: str, name: str, severity: str, sequence: int, time: str) -> bytes:
    """Return one message: header, number as structured data, and the line, which is ASCII."""
    priority = _FACILITY * 8 + _SEVERITIES.get(severity, 6)
    number = (sequence - 1) % _LARGEST_ID + 1 if sequence > 0 else 1
    header = " ".join(
        (
            f"<{priority}>1", time or "-", _token(socket.gethostname(), 255), _APP,
            str(os.getpid()), _token(name, 32), f'[meta sequenceId="{number}"]',
        )
    )  # fmt: skip
    return f"{header} {line}".encode("ascii")


def _token(text: str, longest: int) -> str:
    return re.sub(r"[^!-~]", "_", text)[:longest] or "-"


def send(target: Target, messages: Sequence[bytes]) -> None:
    """Send messages; raises ``OSError`` when the server cannot be reached or hangs up."""
    if target.kind == "udp":
        _send_datagrams(target, messages)
        return
    with socket.create_connection((target.host, target.port), _SECONDS) as plain:
        if target.kind == "tcp":
            _send_stream(plain, messages)
            return
        context = ssl.create_default_context(cafile=target.ca or None)
        with context.wrap_socket(plain, server_hostname=target.host) as secured:
            _send_stream(secured, messages)


def _send_datagrams(target: Target, messages: Sequence[bytes]) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(
        target.host, target.port, type=socket.SOCK_DGRAM
    )[0]
    with socket.socket(family, kind, protocol) as sender:
        sender.connect(address)
        for entry in messages:
            sender.send(entry)


def _send_stream(stream: socket.socket, messages: Sequence[bytes]) -> None:
    stream.sendall(b"".join(b"%d %s" % (len(entry), entry) for entry in messages))
    # Syslog acknowledges nothing; a server that hangs up in an orderly way at least read it all.
    if isinstance(stream, ssl.SSLSocket):
        stream.unwrap()
    else:
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(4096):
            continue
