"""Which addresses a toolkit may reach: ranges that an administrator sets, one rule for all."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field, field_validator

from toolkit_sdk.fields import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Where clouds hand out their machines' credentials. No probe has business there.
METADATA_RANGES = [
    "169.254.0.0/16",
    "fe80::/10",
    "fd00:ec2::254/128",
    "100.100.100.200/32",
    "168.63.129.16/32",
]
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOOPBACK: dict[int, Address] = {
    4: ipaddress.IPv4Address("127.0.0.1"),
    6: ipaddress.IPv6Address("::1"),
}


class NetError(Exception):
    """A target that could not be reached. ``kind`` is ``name`` (it has no address), ``denied``
    (an administrator's rule), ``refused``, ``timeout``, ``unreachable``, ``reset``, ``tls``,
    ``protocol`` or ``error``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def network(text: str) -> Network:
    """Return the range that an address or CIDR names. Raises ``ValueError`` in clear words."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
        mapped = ipaddress.IPv6Network("::ffff:0:0/96")
        if found.version == 6 and found.subnet_of(mapped):
            # What is written as IPv6 but means IPv4 holds for IPv4: systems know no difference.
            first = ipaddress.IPv4Address(int(found.network_address) & 0xFFFFFFFF)
            return ipaddress.IPv4Network((first, found.prefixlen - 96))
        return found
    except ValueError:
        raise ValueError(
            f"{text!r} is not an address or a range; write 10.0.0.0/8, 192.0.2.7 or 2001:db8::/32"
        ) from None


@dataclass(frozen=True)
class Reach:
    """What may be reached: a denied range always loses, and where anything is allowed, only
    that is."""

    allow: tuple[Network, ...] = ()
    deny: tuple[Network, ...] = ()

    @classmethod
    def of(cls, allow: Iterable[str] = (), deny: Iterable[str] = ()) -> Reach:
        """Make the rule from text. Raises ``ValueError`` for what is not a range."""
        return cls(tuple(map(network, allow)), tuple(map(network, deny)))

    def refusal(self, address: str) -> str | None:
        """Why ``address`` may not be reached; None when it may."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return f"{address!r} is not an address"
        meanings = list(_meanings(found))
        for meant in meanings:
            for denied in self.deny:
                if meant in denied:
                    return f"{address} is in {denied}, which the administrator denies"
        if self.allow and not any(meanings[-1] in allowed for allowed in self.allow):
            return f"{address} is in none of the ranges that the administrator allows"
        return None


def _meanings(address: Address) -> Iterable[Address]:
    """The address and what the system or a gateway makes of it."""
    yield address
    if address.is_unspecified:
        # Connecting to 0.0.0.0 or :: reaches this machine.
        yield _LOOPBACK[address.version]
        return
    if isinstance(address, ipaddress.IPv4Address):
        return
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo:
        inner = address.teredo[1]
    if inner is None and (address in _NAT64 or (address in _COMPATIBLE and int(address) > 1)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        yield from _meanings(inner)


class ProbeSettings(Settings):
    """Settings of a toolkit that reaches what people name. Derive the settings class from it."""

    # A plain default, unlike a factory, stands in the schema, so that it is seen before it is set.
    allow_ranges: list[str] = Field(
        default=[],
        title="Allowed ranges",
        description="Addresses or CIDR ranges that may be reached. Empty: all that is not denied.",
        max_length=500,
    )
    deny_ranges: list[str] = Field(
        default=METADATA_RANGES,
        title="Denied ranges",
        description="Never reached, even if allowed above. The default is where clouds keep "
        "credentials of their machines. Checked after the name is resolved.",
        max_length=500,
    )

    @field_validator("allow_ranges", "deny_ranges")
    @classmethod
    def _ranges(cls, value: list[str]) -> list[str]:
        for entry in value:
            network(entry)
        return value

    @property
    def reach(self) -> Reach:
        """The rule that these settings make."""
        return Reach.of(self.allow_ranges, self.deny_ranges)
