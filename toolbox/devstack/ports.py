"""Free ports."""

from __future__ import annotations

import errno
import socket

from toolbox.devstack.layout import DevstackError


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise DevstackError(f"{host} is not an address of this machine.") from None
    return True


def kept_or_free(kept: str | None) -> int:
    """Return the port used before when it is free, else another free one."""
    if kept and kept.isdigit() and is_free(int(kept)):
        return int(kept)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_free(wanted: int, host: str, tries: int = 20) -> int:
    """Return the first free port from ``wanted`` on."""
    for port in range(wanted, min(wanted + tries, 65536)):
        if is_free(port, host):
            return port
    raise DevstackError(f"No port from {wanted} to {wanted + tries - 1} is free; pass --port.")
