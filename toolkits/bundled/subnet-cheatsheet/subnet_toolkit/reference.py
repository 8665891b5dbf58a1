"""Tables to look things up in: prefixes, masks, reverse zones."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from subnet_toolkit import arithmetic
from subnet_toolkit.app import toolkit
from subnet_toolkit.calculate import MOST_ROWS
from subnet_toolkit.parse import Cidr, Cidrs, network, networks


@toolkit.operation(title="Prefix table", interactive=True, timeout=10)
def prefix_table(ctx: Context, family: Literal["IPv4", "IPv6"] = "IPv4") -> views.Table:
    """List every prefix with its masks and sizes."""
    columns: list[Any] = [views.Column(key="prefix", type="code")]
    if family == "IPv4":
        columns += [
            views.Column(key="netmask", type="code"),
            views.Column(key="wildcard", label="Wildcard mask", type="code"),
        ]
        rows = [_prefix(ipaddress.IPv4Network((0, prefix))) for prefix in range(32, -1, -1)]
        columns += [
            views.Column(key="addresses", type="number"),
            views.Column(key="hosts", type="number"),
        ]
    else:
        rows = [
            {
                "prefix": f"/{prefix}",
                "addresses": f"2^{128 - prefix}",
                "nets": f"2^{64 - prefix}" if prefix <= 64 else "",
                "usual": _USUAL.get(prefix, ""),
            }
            for prefix in range(128, -1, -4)
        ]
        columns += ["addresses", views.Column(key="nets", label="Networks of /64"), "usual"]
    return views.Table(title=f"{family} prefixes", columns=columns, rows=rows)


_USUAL = {
    128: "one host, a loopback",
    124: "point to point, by some",
    64: "one link; what SLAAC needs",
    56: "a home",
    48: "a site",
    32: "a provider",
}


def _prefix(found: ipaddress.IPv4Network) -> dict[str, Any]:
    return {
        "prefix": f"/{found.prefixlen}",
        "netmask": str(found.netmask),
        "wildcard": str(found.hostmask),
        "addresses": found.num_addresses,
        "hosts": arithmetic.usable(found),
    }


@toolkit.operation(title="Masks", interactive=True, timeout=10)
def masks(
    ctx: Context,
    mask: Annotated[
        str, Field(max_length=60, description="A prefix, netmask, wildcard mask or network")
    ],
) -> views.Section:
    """Turn a prefix, netmask or wildcard mask into the others, with lines for access lists."""
    found = _mask(mask.strip())
    ctx.log.info("%s is /%d", mask, found.prefixlen)
    base = found.network_address if int(found.network_address) else ipaddress.ip_address("10.0.0.0")
    items = views.KeyValue(
        items={
            "prefix": f"/{found.prefixlen}",
            "netmask": str(found.netmask),
            "wildcard mask": str(found.hostmask),
            "addresses": f"{found.num_addresses:,}",
        }
    )
    lines = [
        f"access-list 10 permit {base} {found.hostmask}",
        f"ip route {base} {found.netmask} <next hop>",
        f"ip route add {base}/{found.prefixlen} via <next hop>",
    ]
    return views.Section(title="Masks", views=[items, views.Code(code="\n".join(lines))])


def _mask(text: str) -> ipaddress.IPv4Network:
    if text.lstrip("/").isdecimal() and int(text.lstrip("/")) <= 32:
        return ipaddress.IPv4Network((0, int(text.lstrip("/"))))
    if "/" in text or " " in text:
        found = network(text)
        if isinstance(found, ipaddress.IPv4Network):
            return found
    try:
        return ipaddress.IPv4Network(f"0.0.0.0/{text}")
    except ValueError:
        raise ToolkitError(
            f"{text!r} is no IPv4 prefix, netmask or wildcard mask; "
            "write 26, 255.255.255.192, 0.0.0.63 or 192.0.2.0/26.",
            field="mask",
        ) from None


@toolkit.operation(title="Reverse zones", interactive=True, timeout=15)
def reverse_zones(ctx: Context, cidrs: Cidrs) -> views.Table:
    """List the zones of reverse DNS for networks, with the delegation of small ones."""
    rows: list[dict[str, Any]] = []
    for one in networks(cidrs):
        if 1 << (-one.prefixlen % (8 if one.version == 4 else 4)) > MOST_ROWS - len(rows):
            break
        note = ""
        if classless := arithmetic.classless_zone(one):
            note = f"delegated as {classless} (RFC 2317)"
        rows += [
            {"network": str(one), "zone": zone, "note": note}
            for zone in arithmetic.reverse_zones(one)
        ]
    ctx.log.info("%d zones", len(rows))
    return views.Table(
        columns=[
            views.Column(key="network", type="code"),
            views.Column(key="zone", type="code"),
            "note",
        ],
        rows=rows,
    )


@toolkit.operation(title="Reverse name of an address", interactive=True, timeout=10)
def reverse_name(ctx: Context, cidr: Cidr) -> views.KeyValue:
    """Show the name under which the PTR record of an address stands."""
    base = network(cidr).network_address
    return views.KeyValue(items={"address": str(base), "name": base.reverse_pointer})
