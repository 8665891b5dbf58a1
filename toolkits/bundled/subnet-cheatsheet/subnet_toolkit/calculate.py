"""One network: its summary, its parts, and what holds it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from subnet_toolkit import arithmetic
from subnet_toolkit.app import toolkit
from subnet_toolkit.parse import Cidr, Cidrs, Ip, Network, address, network, networks

MOST_ROWS = 1024


@toolkit.operation(title="Summary of a network", interactive=True, timeout=10)
def summary(ctx: Context, cidr: Cidr) -> views.Section:
    """Everything about one network: range, masks, size, kind, reverse zones, neighbours."""
    found = network(cidr)
    ctx.log.info("summary of %s", found)
    items: dict[str, Any] = {"network": str(found), "kind": arithmetic.kind(found)}
    given = cidr.strip().replace(" ", "/").partition("/")[0]
    if given != str(found.network_address) and "/" in cidr.strip().replace(" ", "/"):
        items["you wrote"] = f"{given}, an address in it"
    first, last = arithmetic.host_range(found)
    items |= {
        "addresses": f"{found.network_address} to {found.broadcast_address}",
        "hosts": f"{first} to {last}",
        "number of addresses": _big(found.num_addresses),
        "number of hosts": _big(arithmetic.usable(found)),
        "prefix": f"/{found.prefixlen}",
    }
    items |= _ipv4(found) if found.version == 4 else _ipv6(found)
    items["reverse zone"] = _reverse(found)
    return views.Section(title=str(found), views=[views.KeyValue(items=items), _neighbours(found)])


def _big(number: int) -> str:
    text = f"{number:,}".replace(",", " ")
    if number < 1 << 20:
        return text
    power = number.bit_length() - 1
    return f"{text} (2^{power})" if number == 1 << power else text


def _ipv4(found: Network) -> dict[str, str]:
    base = int(found.network_address)
    octets = f"{base:032b}"
    return {
        "netmask": str(found.netmask),
        "wildcard mask": str(found.hostmask),
        "broadcast": str(found.broadcast_address) if found.prefixlen < 31 else "none (RFC 3021)",
        "binary": ".".join(octets[start : start + 8] for start in range(0, 32, 8)),
        "number": f"{base} (0x{base:08x})",
    }


def _ipv6(found: Network) -> dict[str, str]:
    return {
        "written out": found.network_address.exploded,
        "number of /64": _big(1 << (64 - found.prefixlen))
        if found.prefixlen <= 64
        else "less than one",
        "number": f"0x{int(found.network_address):032x}",
    }


def _reverse(found: Network) -> str:
    if classless := arithmetic.classless_zone(found):
        return f"{classless} (in {arithmetic.reverse_zones(found)[0]})"
    step = 8 if found.version == 4 else 4
    count = 1 << (-found.prefixlen % step)
    zone = arithmetic.reverse_zones(found)[0]
    return zone if count == 1 else f"{count} zones from {zone}"


def _neighbours(found: Network) -> views.Table:
    size, rows = found.num_addresses, []
    low, top = int(found.network_address), (1 << found.max_prefixlen) - 1
    make = type(found)
    if low >= size:
        rows.append({"which": "before it", "network": str(make((low - size, found.prefixlen)))})
    if low + 2 * size - 1 <= top:
        rows.append({"which": "after it", "network": str(make((low + size, found.prefixlen)))})
    if found.prefixlen:
        rows.append({"which": "twice as large", "network": str(found.supernet())})
    if found.prefixlen < found.max_prefixlen:
        halves = " and ".join(map(str, found.subnets()))
        rows.append({"which": "its halves", "network": halves})
    return views.Table(
        title="Neighbours", columns=["which", views.Column(key="network", type="code")], rows=rows
    )


@toolkit.operation(title="Split a network", interactive=True, timeout=15)
def split(
    ctx: Context,
    cidr: Cidr,
    new_prefix: Annotated[
        int | None, Field(ge=0, le=128, description="Into networks of this prefix")
    ] = None,
    parts: Annotated[
        int | None, Field(ge=1, le=1 << 20, description="Or into at least this many equal parts")
    ] = None,
    hosts: Annotated[
        int | None, Field(ge=1, le=1 << 32, description="Or into parts for this many hosts each")
    ] = None,
) -> views.Table:
    """Cut a network into equal parts, by prefix, by number or by hosts."""
    found = network(cidr)
    given = [value for value in (new_prefix, parts, hosts) if value is not None]
    if len(given) != 1:
        raise ToolkitError("give one of new prefix, parts and hosts.", field="new_prefix")
    if parts is not None:
        new_prefix = found.prefixlen + (parts - 1).bit_length()
    elif hosts is not None:
        new_prefix = arithmetic.prefix_for(hosts, found.version)
    assert new_prefix is not None
    if not found.prefixlen <= new_prefix <= found.max_prefixlen:
        raise ToolkitError(
            f"{found} cannot be cut into /{new_prefix}: "
            f"a prefix from {found.prefixlen} to {found.max_prefixlen} is possible.",
            field="parts" if parts is not None else "hosts" if hosts is not None else "new_prefix",
        )
    total = 1 << (new_prefix - found.prefixlen)
    shown = min(total, MOST_ROWS)
    ctx.log.info("%s makes %d networks of /%d", found, total, new_prefix)
    subnets = found.subnets(new_prefix=new_prefix)
    rows = [_row(number, next(subnets)) for number in range(1, shown + 1)]
    cut = f"The first {shown} of {_big(total)}" if shown < total else f"{_big(total)} networks"
    return views.Table(columns=_COLUMNS, rows=rows, caption=cut)


_COLUMNS: list[Any] = [
    views.Column(key="number", label="#", type="number"),
    views.Column(key="network", type="code"),
    views.Column(key="first", label="First host", type="code"),
    views.Column(key="last", label="Last host", type="code"),
    views.Column(key="hosts", type="number"),
]


def _row(number: int, found: Network) -> dict[str, Any]:
    first, last = arithmetic.host_range(found)
    count = arithmetic.usable(found)
    return {
        "number": number,
        "network": str(found),
        "first": str(first),
        "last": str(last),
        "hosts": count if count < 1 << 53 else _big(count),
    }


@toolkit.operation(title="Divide by need", interactive=True, timeout=15)
def divide(
    ctx: Context,
    cidr: Cidr,
    needs: Annotated[
        list[str],
        Field(min_length=1, max_length=200, description="name=hosts, one a line: web=120"),
    ],
) -> views.Table:
    """Lay out parts of different sizes in a network, the largest first, with nothing wasted."""
    block = network(cidr)
    wanted = sorted((_need(line) for line in needs if line.strip()), key=lambda need: -need[1])
    used: list[Network] = []
    rows = []
    for name, hosts in wanted:
        place = arithmetic.fitting(block, used, arithmetic.prefix_for(hosts, block.version))
        if place is None:
            rows.append(
                {"name": name, "wanted": hosts, "state": views.state("critical", "no room")}
            )
            continue
        used.append(place)
        row = {"name": name, "wanted": hosts, "state": views.state("ok", "fits")}
        rows.append({**row, **_row(0, place)})
    left = sum(one.num_addresses for one in arithmetic.free(block, used))
    ctx.log.info("%d of %d fit into %s", len(used), len(wanted), block)
    columns = ["name", views.Column(key="wanted", type="number"), *_COLUMNS[1:]]
    columns.append(views.Column(key="state", type="state"))
    return views.Table(columns=columns, rows=rows, caption=f"{_big(left)} addresses are left")


def _need(line: str) -> tuple[str, int]:
    name, equals, count = line.rpartition("=")
    try:
        hosts = int(count)
    except ValueError:
        hosts = 0
    if not equals or hosts < 1:
        raise ToolkitError(
            f"{line!r} is not a need; write name=hosts, like web=120.", field="needs"
        )
    return name.strip(), hosts


@toolkit.operation(title="Supernet", interactive=True, timeout=15)
def supernet(ctx: Context, cidrs: Cidrs) -> views.Section:
    """Find the smallest network that holds all, and the fewest that hold exactly the same."""
    given = networks(cidrs)
    if len({one.version for one in given}) > 1:
        raise ToolkitError(
            "IPv4 and IPv6 have no common supernet; give networks of one family.", field="cidrs"
        )
    whole, fewest = arithmetic.enclosing(given), arithmetic.collapse(given)
    ctx.log.info("%d networks are within %s", len(given), whole)
    beside = whole.num_addresses - sum(one.num_addresses for one in fewest)
    stat = views.KeyValue(
        items={
            "smallest network around all": str(whole),
            "addresses in it that are in none of yours": _big(beside),
            "fewest networks": len(fewest),
        }
    )
    table = views.Table(
        title="Fewest networks with exactly the same addresses",
        columns=_COLUMNS,
        rows=[_row(number, one) for number, one in enumerate(fewest[:MOST_ROWS], 1)],
    )
    return views.Section(title="Supernet", views=[stat, table])


@toolkit.operation(title="Range to networks", interactive=True, timeout=15)
def range_to_networks(ctx: Context, first: Ip, last: Ip) -> views.Table:
    """Write a range of addresses as the fewest networks."""
    low, high = address(first), address(last)
    if low.version != high.version:
        raise ToolkitError(
            "the first and the last address are of different families.", field="last"
        )
    if int(low) > int(high):
        raise ToolkitError(f"{low} comes after {high}; give the smaller one first.", field="last")
    found = arithmetic.summarize(low, high)
    ctx.log.info("%s to %s is %d networks", low, high, len(found))
    return views.Table(
        columns=_COLUMNS,
        rows=[_row(number, one) for number, one in enumerate(found, 1)],
        caption=f"{_big(int(high) - int(low) + 1)} addresses",
    )
