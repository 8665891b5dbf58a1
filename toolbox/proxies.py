"""Where a request comes from, when reverse proxies stand in between."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Stands in ``TRUSTED_PROXIES`` for whatever connects over a Unix socket.
UNIX = "unix"


def client_address(remote: str, forwarded_for: str) -> str:
    """Return the address of the client.

    ``remote`` is who connected; ``forwarded_for`` is what ``X-Forwarded-For`` says. It counts
    only as far as trusted proxies wrote it: read from its end, the first address that is not a
    trusted proxy is the client, whatever stands before it.
    """
    networks, unix = trusted(tuple(settings.TRUSTED_PROXIES))
    address = _parse(remote)
    if address is None:
        if not unix or remote:
            return ""
    elif not _within(address, networks):
        return str(address)
    for text in reversed(forwarded_for.split(",")):
        hop = _parse(text)
        if hop is None:
            break
        address = hop
        if not _within(hop, networks):
            break
    return str(address) if address else ""


def is_trusted(remote: str) -> bool:
    """Whether who connected is a proxy whose word counts."""
    networks, unix = trusted(tuple(settings.TRUSTED_PROXIES))
    address = _parse(remote)
    return _within(address, networks) if address is not None else unix and not remote


@lru_cache(maxsize=8)
def trusted(entries: tuple[str, ...]) -> tuple[tuple[Network, ...], bool]:
    """Parse the setting once; raises ``ValueError`` for what is no address or network."""
    networks = [entry for entry in entries if entry != UNIX]
    return tuple(ipaddress.ip_network(text, strict=False) for text in networks), UNIX in entries


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _parse(text: str) -> Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # A dual-stack socket names IPv4 clients so; one client has one spelling.
    return getattr(address, "ipv4_mapped", None) or address
