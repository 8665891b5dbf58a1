"""Several networks: overlap, containment, free space."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from toolkit_sdk import Context, ToolkitError, views

from subnet_toolkit import arithmetic
from subnet_toolkit.app import Subnet, toolkit
from subnet_toolkit.calculate import MOST_ROWS
from subnet_toolkit.parse import (
    MOST_LINES,
    Cidr,
    Cidrs,
    Ips,
    Network,
    addresses,
    network,
    networks,
)


def _readable(lines: list[str]) -> list[str]:
    networks(lines)
    return lines


Used = Annotated[
    list[str],
    AfterValidator(_readable),
    Field(max_length=MOST_LINES, description="Networks in use, one a line"),
]


@toolkit.operation(title="Overlap", interactive=True, timeout=15)
def overlap(ctx: Context, cidrs: Cidrs) -> views.Table:
    """Say which of the networks share addresses."""
    given = networks(cidrs)
    rows = []
    for outer, inner in arithmetic.overlaps(given):
        same = given[outer] == given[inner]
        relation = "is the same as" if same else "holds"
        state = "critical" if same else "warning"
        rows.append(
            {
                "one": str(given[outer]),
                "relation": views.state(state, relation),
                "other": str(given[inner]),
                "shared": str(given[inner].num_addresses),
            }
        )
        if len(rows) >= MOST_ROWS:
            break
    ctx.log.info("%d networks, %d overlaps", len(given), len(rows))
    return views.Table(
        columns=[
            views.Column(key="one", label="Network", type="code"),
            views.Column(key="relation", type="state"),
            views.Column(key="other", label="Network", type="code"),
            views.Column(key="shared", label="Shared addresses", align="end"),
        ],
        rows=rows,
        caption=f"{len(rows)} overlaps" if rows else f"None of the {len(given)} networks overlap.",
    )


@toolkit.operation(title="Which network holds it", interactive=True, timeout=15)
def contains(ctx: Context, wanted: Ips, cidrs: Used = [], use_plan: bool = True) -> views.Table:
    """Find the networks that hold each address, the most specific first."""
    known: list[tuple[Network, str]] = [(one, "") for one in networks(cidrs)]
    if use_plan:
        known += planned(ctx)
    if not known:
        raise ToolkitError(
            "there are no networks to look in: name some, or add to the plan.", field="cidrs"
        )
    rows = []
    for one in addresses(wanted):
        holding = sorted(
            (pair for pair in known if one in pair[0]), key=lambda pair: -pair[0].prefixlen
        )
        found = [f"{held} ({name})" if name else str(held) for held, name in holding]
        rows.append(
            {
                "address": str(one),
                "state": views.state("ok", "held") if found else views.state("warning", "in none"),
                "network": found[0] if found else None,
                "also": ", ".join(found[1:]),
            }
        )
    ctx.log.info("looked for %d addresses in %d networks", len(rows), len(known))
    return views.Table(
        columns=[
            views.Column(key="address", type="code"),
            views.Column(key="state", type="state"),
            views.Column(key="network", type="code"),
            views.Column(key="also", label="Which is in", type="code"),
        ],
        rows=rows,
    )


def planned(ctx: Context) -> list[tuple[Network, str]]:
    """The networks of the plan that can be read, with their names."""
    found = []
    for subnet in ctx.records(Subnet).list():
        try:
            found.append((network(subnet.cidr), subnet.name))
        except ValueError as error:
            ctx.log.warning("%s in the plan is left out: %s", subnet.name, error)
    return found


@toolkit.operation(title="Free space", interactive=True, timeout=15)
def free_space(
    ctx: Context,
    cidr: Cidr,
    used: Used = [],
    use_plan: bool = True,
    prefix: Annotated[
        int | None, Field(ge=0, le=128, description="Also find room for a network of this prefix")
    ] = None,
) -> views.Section:
    """Show what is free in a block, and where a network of a given size fits best."""
    block = network(cidr)
    taken = networks(used)
    if use_plan:
        taken += [one for one in taken_in_plan(ctx) if one != block]
    gaps = arithmetic.free(block, taken)
    free = sum(gap.num_addresses for gap in gaps)
    share = 100 * (1 - free / block.num_addresses)
    ctx.log.info("%s is used to %.1f %%", block, share)
    state = "critical" if not gaps else "warning" if share > 90 else "ok"
    largest = min((gap.prefixlen for gap in gaps), default=None)
    detail = f"The largest gap is a /{largest}." if gaps else "There is no gap."
    shown: list[views.View] = [
        views.Stat(
            value=round(share, 1), unit="%", label=f"of {block} used", state=state, detail=detail
        )
    ]
    if prefix is not None:
        place = arithmetic.fitting(block, taken, prefix) if prefix >= block.prefixlen else None
        text = f"Best place for a /{prefix}: {place}" if place else f"A /{prefix} does not fit."
        shown.append(views.Text(text=text))
    shown.append(
        views.Table(
            title="Free",
            columns=[
                views.Column(key="network", type="code"),
                views.Column(key="addresses", align="end"),
            ],
            rows=[
                {"network": str(gap), "addresses": f"{gap.num_addresses:,}"}
                for gap in gaps[:MOST_ROWS]
            ],
        )
    )
    return views.Section(title="Free space", views=shown)


def taken_in_plan(ctx: Context) -> list[Network]:
    """Networks of the plan that take addresses: blocks that others are cut from do not."""
    parents = {subnet.name for subnet in ctx.records(Subnet).list(parent=True)}
    return [one for one, name in planned(ctx) if name not in parents]
