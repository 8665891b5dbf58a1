"""From what people write to networks and addresses, with messages that say what was wrong."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SPACED = re.compile(r"^(\S+)\s+(\d+\.\d+\.\d+\.\d+)$")
MOST_LINES = 2000


def address(text: str) -> Address:
    """Read one address. Raises ``ValueError``."""
    wanted = text.strip()
    try:
        return ipaddress.ip_address(wanted)
    except ValueError:
        raise ValueError(f"{wanted!r} is not an IP address: {_why(wanted)}") from None


def network(text: str) -> Network:
    """Read a network: CIDR, address with netmask or wildcard, or a single address.

    Bits after the prefix may be set; they are dropped. Raises ``ValueError``.
    """
    wanted = text.strip()
    if match := _SPACED.match(wanted):
        wanted = "/".join(match.groups())
    try:
        return ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        pass
    host, slash, mask = wanted.partition("/")
    if not slash:
        raise ValueError(f"{wanted!r} is not a network: {_why(host)}")
    found = address(host)
    limit = found.max_prefixlen
    raise ValueError(
        f"{wanted!r}: {mask!r} is neither a prefix from 0 to {limit}"
        + (" nor a netmask" if found.version == 4 else "")
    )


def _why(text: str) -> str:
    if not text:
        return "it is empty"
    if ":" in text:
        return "an IPv6 address has eight groups of up to four hex digits, :: for a run of zeros"
    parts = text.split(".")
    if all(part.isdigit() for part in parts):
        if len(parts) != 4:
            return f"it has {len(parts)} parts, an IPv4 address has four"
        big = [part for part in parts if int(part) > 255]
        if big:
            return f"{big[0]} is more than 255"
        return "a part begins with a zero, which some read as octal"
    return "write 192.0.2.0/24 or 2001:db8::/48; names are not looked up"


def networks(lines: list[str]) -> list[Network]:
    """Read a list of networks; text after # is left out. Raises ``ValueError``."""
    return [network(line) for line in _lines(lines)]


def addresses(lines: list[str]) -> list[Address]:
    """Read a list of addresses; text after # is left out. Raises ``ValueError``."""
    return [address(line) for line in _lines(lines)]


def _lines(lines: list[str]) -> list[str]:
    bare = (part for line in lines for part in line.partition("#")[0].split(","))
    return [line.strip() for line in bare if line.strip()]


def _checked_network(text: str) -> str:
    network(text)
    return text


def _checked_address(text: str) -> str:
    address(text)
    return text


def _checked_networks(lines: list[str]) -> list[str]:
    if not networks(lines):
        raise ValueError("name at least one network, one a line")
    return lines


def _checked_addresses(lines: list[str]) -> list[str]:
    if not addresses(lines):
        raise ValueError("name at least one address, one a line")
    return lines


Cidr = Annotated[
    str,
    AfterValidator(_checked_network),
    Field(max_length=100, description="Like 192.0.2.0/24, 10.0.0.0 255.0.0.0 or 2001:db8::/48"),
]
Ip = Annotated[
    str, AfterValidator(_checked_address), Field(max_length=60, description="An IP address")
]
Cidrs = Annotated[
    list[str],
    AfterValidator(_checked_networks),
    Field(max_length=MOST_LINES, description="Networks, one a line; # begins a comment"),
]
Ips = Annotated[
    list[str],
    AfterValidator(_checked_addresses),
    Field(max_length=MOST_LINES, description="Addresses, one a line; # begins a comment"),
]
