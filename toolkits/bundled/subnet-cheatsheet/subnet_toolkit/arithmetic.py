"""Arithmetic on networks: what the standard library leaves to do."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from subnet_toolkit.parse import Address, Network


def first_last(network: Network) -> tuple[int, int]:
    """The first and the last address of a network, as numbers."""
    return int(network.network_address), int(network.broadcast_address)


def sort_key(network: Network) -> tuple[int, int, int]:
    """Order of networks: by family, address, then the larger first."""
    return network.version, int(network.network_address), network.prefixlen


def usable(network: Network) -> int:
    """How many addresses hosts can have."""
    if network.version == 4 and network.prefixlen < 31:
        return network.num_addresses - 2
    return network.num_addresses


def host_range(network: Network) -> tuple[Address, Address]:
    """The first and the last address that hosts can have."""
    if network.version == 4 and network.prefixlen < 31:
        return network[1], network[-2]
    return network[0], network[-1]


def collapse(networks: Iterable[Network]) -> list[Network]:
    """The fewest networks that hold the same addresses."""
    ordered = sorted(networks, key=sort_key)
    found: list[Network] = []
    for _, group in groupby(ordered, key=lambda network: network.version):
        members: Any = list(group)
        found += ipaddress.collapse_addresses(members)
    return found


def summarize(first: Address, last: Address) -> list[Network]:
    """The fewest networks from one address to another of the same family."""
    return list(ipaddress.summarize_address_range(first, last))  # type: ignore[type-var]


def enclosing(networks: list[Network]) -> Network:
    """The smallest network that holds all of the others. They are of one family."""
    low = min(first_last(network)[0] for network in networks)
    high = max(first_last(network)[1] for network in networks)
    bits = networks[0].max_prefixlen
    prefix = bits - (low ^ high).bit_length()
    base = type(networks[0].network_address)(low)
    return ipaddress.ip_network(f"{base}/{prefix}", strict=False)


def free(block: Network, used: Iterable[Network]) -> list[Network]:
    """The parts of ``block`` that none of ``used`` holds, as few networks."""
    inside = collapse(one for one in used if one.version == block.version and one.overlaps(block))
    cursor, end = first_last(block)
    make = type(block.network_address)
    found: list[Network] = []
    for one in inside:
        low, high = first_last(one)
        if low > cursor:
            found += summarize(make(cursor), make(low - 1))
        cursor = max(cursor, high + 1)
    if cursor <= end:
        found += summarize(make(cursor), make(end))
    return found


def overlaps(networks: list[Network]) -> Iterator[tuple[int, int]]:
    """Indexes of each pair that shares addresses; the larger network first."""
    order = sorted(range(len(networks)), key=lambda index: sort_key(networks[index]))
    open_ones: list[int] = []
    for index in order:
        low, _ = first_last(networks[index])
        # CIDR blocks nest or are apart: what ended before stays behind.
        open_ones = [
            other
            for other in open_ones
            if networks[other].version == networks[index].version
            and first_last(networks[other])[1] >= low
        ]
        yield from ((other, index) for other in open_ones)
        open_ones.append(index)


def fitting(block: Network, used: Iterable[Network], prefix: int) -> Network | None:
    """The best free place for a network of ``prefix``: the smallest gap that takes it."""
    gaps = [gap for gap in free(block, used) if gap.prefixlen <= prefix]
    if not gaps:
        return None
    gap = max(gaps, key=lambda one: (one.prefixlen, -int(one.network_address)))
    return next(iter(gap.subnets(new_prefix=prefix)))


def prefix_for(hosts: int, version: int) -> int:
    """The longest prefix whose network takes ``hosts`` hosts."""
    bits = 32 if version == 4 else 128
    needed = hosts + 2 if version == 4 and hosts > 2 else hosts
    return max(0, bits - max(0, (needed - 1).bit_length()))


def reverse_zones(network: Network) -> list[str]:
    """The zones of reverse DNS that hold the network, smallest number of whole zones."""
    step = 8 if network.version == 4 else 4
    whole = -(-network.prefixlen // step) * step
    if network.version == 4 and network.prefixlen > 24:
        whole = 24
        network = network.supernet(new_prefix=24)
    parts = whole // step
    suffix = "in-addr.arpa" if network.version == 4 else "ip6.arpa"
    return [_zone(one, parts, suffix) for one in network.subnets(new_prefix=whole)]


def _zone(network: Network, parts: int, suffix: str) -> str:
    labels = network.network_address.reverse_pointer.split(".")[:-2]
    return ".".join([*labels[len(labels) - parts :], suffix])


def classless_zone(network: Network) -> str | None:
    """The delegated zone of RFC 2317 for an IPv4 network smaller than /24."""
    if network.version != 4 or network.prefixlen <= 24:
        return None
    parent = _zone(network.supernet(new_prefix=24), 3, "in-addr.arpa")
    last = str(network.network_address).rpartition(".")[2]
    return f"{last}/{network.prefixlen}.{parent}" if network.prefixlen < 32 else f"{last}.{parent}"


def kind(network: Network) -> str:
    """What a network is for, in words."""
    if network.version == 4 and network.subnet_of(ipaddress.IPv4Network("100.64.0.0/10")):  # type: ignore[arg-type]
        return "shared by carriers (RFC 6598)"
    named = (
        ("is_unspecified", "unspecified"),
        ("is_loopback", "loopback"),
        ("is_link_local", "link-local"),
        ("is_multicast", "multicast"),
        ("is_global", "global: routed on the Internet"),
    )
    for attribute, text in named:
        if getattr(network, attribute):
            return text
    if network.version == 6 and network.subnet_of(ipaddress.IPv6Network("2001:db8::/32")):  # type: ignore[arg-type]
        return "documentation"
    if network.is_private:
        return "private or special"
    return "reserved" if network.is_reserved else "not all of one kind"
