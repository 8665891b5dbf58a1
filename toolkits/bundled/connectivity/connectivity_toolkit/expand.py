"""From what people write to single hosts and ports."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from toolkit_sdk.net import is_host

MOST_PROBES = 20_000


def ports(entries: Iterable[int | str]) -> list[int]:
    """Return the ports that numbers, ranges and comma-separated lists name, each once.

    Raises ``ValueError`` in words for what is none.
    """
    found: dict[int, None] = {}
    for entry in entries:
        for part in str(entry).replace(" ", "").split(","):
            if part:
                found.update(dict.fromkeys(_range(part)))
    if not found:
        raise ValueError("name at least one port")
    return list(found)


def _range(text: str) -> range:
    first, dash, last = text.partition("-")
    try:
        low = int(first)
        high = int(last) if dash else low
    except ValueError:
        raise ValueError(f"{text!r} is not a port or a range such as 8000-8010") from None
    if not (1 <= low <= 65535 and 1 <= high <= 65535):
        raise ValueError(f"{text!r} is not within 1 to 65535")
    if low > high:
        raise ValueError(f"{text!r} ends before it begins; write {high}-{low}")
    return range(low, high + 1)


def hosts(entries: Iterable[str]) -> list[str]:
    """Return single hosts: names and addresses as they are, networks as their addresses.

    Raises ``ValueError`` in words for what is none.
    """
    found: dict[str, None] = {}
    for entry in entries:
        for part in entry.partition("#")[0].replace(",", " ").split():
            found.update(dict.fromkeys(_expanded(part)))
            if len(found) > MOST_PROBES:
                raise ValueError(f"{part!r} makes more than {MOST_PROBES:,} hosts")
    return list(found)


def _expanded(text: str) -> list[str]:
    if "://" in text:
        raise ValueError(f"{text!r} is a URL; name its host alone")
    if "/" not in text:
        if not is_host(text):
            raise ValueError(f"{text!r} is neither a name nor an address")
        return [text.strip("[]")]
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a network; write 10.0.0.0/28 or 2001:db8::/120"
        ) from None
    if network.num_addresses > MOST_PROBES:
        raise ValueError(
            f"{text!r} holds {network.num_addresses:,} addresses; {MOST_PROBES:,} is the most"
        )
    return [str(address) for address in network.hosts()] or [str(network.network_address)]
