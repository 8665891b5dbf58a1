"""Servers as people write them: example.com, example.com:8443, smtp://mail.example.com."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from toolkit_sdk.net import is_host

from tls_toolkit.app import PORTS, Protocol

_LINE = re.compile(
    r"^(?:(?P<protocol>[a-z0-9]+)://)?"
    r"(?P<host>\[[^\]]+\]|[^\s:\[\]/]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)"
    r"(?::(?P<port>\d+))?(?:/\S*)?$"
)
_ALSO = {"https": "tls", "postgres": "postgresql"}


@dataclass(frozen=True)
class Named:
    """A server; ``protocol`` and ``port`` are None where they were not written."""

    host: str
    protocol: Protocol | None = None
    port: int | None = None


def read(line: str) -> Named:
    """Return the server that a line names. Raises ``ValueError`` in clear words."""
    match = _LINE.match(line.strip())
    protocol = _ALSO.get(match["protocol"] or "", match["protocol"]) if match else None
    host = match["host"].strip("[]") if match else ""
    if match is None or not is_host(host) or (protocol and protocol not in PORTS):
        raise ValueError(
            f"{line!r} is not a host; write example.com, example.com:8443 "
            f"or smtp://mail.example.com (also {', '.join(PORTS)})"
        )
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"{line!r}: a port is from 1 to 65535")
    return Named(host, cast("Protocol | None", protocol), port)
