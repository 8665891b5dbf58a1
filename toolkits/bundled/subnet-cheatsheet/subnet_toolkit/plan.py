"""The plan of named subnets: what collides, how full it is, and the next free place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from subnet_toolkit import arithmetic
from subnet_toolkit.app import Subnet, toolkit
from subnet_toolkit.compare import taken_in_plan
from subnet_toolkit.parse import Cidr, Network, address, network


@dataclass(frozen=True)
class Problem:
    """Something wrong with the plan."""

    state: views.State
    what: str
    subnet: str
    detail: str


def problems(subnets: list[Subnet]) -> list[Problem]:
    """Everything that is wrong: unreadable, equal, overlapping, gateways and names."""
    found: list[Problem] = []
    readable: list[tuple[Subnet, Network]] = []
    names: dict[str, str] = {}
    for subnet in subnets:
        if other := names.get(subnet.name.lower()):
            found.append(Problem("warning", "same name", subnet.name, f"{other} and {subnet.cidr}"))
        names[subnet.name.lower()] = subnet.cidr
        try:
            one = network(subnet.cidr)
        except ValueError as error:
            found.append(Problem("critical", "unreadable", subnet.name, str(error)))
            continue
        readable.append((subnet, one))
        found += _own(subnet, one)
    for outer, inner in arithmetic.overlaps([one for _, one in readable]):
        (holder, wide), (held, narrow) = readable[outer], readable[inner]
        pair = f"{holder.name} {wide} and {held.name} {narrow}"
        if wide == narrow:
            found.append(Problem("critical", "same network", held.name, pair))
        elif not holder.parent:
            found.append(Problem("critical", "overlap", held.name, pair))
    return found


def _own(subnet: Subnet, one: Network) -> list[Problem]:
    found = []
    if str(one.network_address) != subnet.cidr.partition("/")[0].lower():
        written = f"{subnet.cidr} means {one}"
        found.append(Problem("info", "host bits set", subnet.name, written))
    if not subnet.gateway:
        return found
    try:
        inside = address(subnet.gateway) in one
    except ValueError as error:
        return [*found, Problem("warning", "gateway", subnet.name, str(error))]
    if not inside:
        outside = f"{subnet.gateway} is not in {one}"
        found.append(Problem("warning", "gateway", subnet.name, outside))
    return found


@toolkit.operation(title="Check the plan", interactive=True, timeout=30)
def check_plan(ctx: Context) -> views.Section:
    """Show the plan as a tree with its collisions, and how full each block is."""
    subnets = ctx.records(Subnet).list()
    if not subnets:
        said = views.Markdown(
            text="The plan is empty. Add subnets under "
            "[Plan of subnets](/toolkits/subnet-cheatsheet/records/subnets/)."
        )
        return views.Section(title="Plan", views=[said])
    found = problems(subnets)
    for problem in found:
        ctx.log.warning("%s: %s: %s", problem.subnet, problem.what, problem.detail)
    critical = sum(problem.state == "critical" for problem in found)
    stat = views.Stat(
        value=critical,
        label="collisions",
        state="critical" if critical else "warning" if found else "ok",
        detail=f"{len(subnets)} subnets, {len(found)} remarks",
    )
    shown: list[views.View] = [stat]
    if found:
        shown.append(_problem_table(found))
    shown.append(
        _tree(subnets, {problem.subnet for problem in found if problem.state == "critical"})
    )
    return views.Section(title="Plan", views=shown)


def _problem_table(found: list[Problem]) -> views.Table:
    return views.Table(
        title="Remarks",
        columns=[views.Column(key="what", type="state"), "subnet", "detail"],
        rows=[
            {
                "what": views.state(problem.state, problem.what),
                "subnet": problem.subnet,
                "detail": problem.detail,
            }
            for problem in found
        ],
    )


def _tree(subnets: list[Subnet], bad: set[str]) -> views.Table:
    pairs = []
    for subnet in subnets:
        try:
            pairs.append((network(subnet.cidr), subnet))
        except ValueError:
            continue
    pairs.sort(key=lambda pair: arithmetic.sort_key(pair[0]))
    above: list[Network] = []
    rows: list[dict[str, Any]] = []
    for one, subnet in pairs:
        while above and not (above[-1].version == one.version and above[-1].supernet_of(one)):  # type: ignore[arg-type]
            above.pop()
        rows.append(
            {
                "network": "\u00a0\u00a0\u00a0" * len(above) + str(one),
                "name": subnet.name,
                "state": views.state("critical", "collides")
                if subnet.name in bad
                else views.state("ok"),
                "used": _used(one, pairs) if subnet.parent else None,
                "vlan": subnet.vlan,
                "site": subnet.site,
                "gateway": subnet.gateway,
                "owner": subnet.owner,
            }
        )
        above.append(one)
    return views.Table(
        title="Subnets",
        columns=[
            views.Column(key="network", type="code"),
            "name",
            views.Column(key="state", type="state"),
            views.Column(key="used", label="Used", align="end"),
            views.Column(key="vlan", label="VLAN", type="number"),
            "site",
            views.Column(key="gateway", type="code"),
            "owner",
        ],
        rows=rows,
    )


def _used(block: Network, pairs: list[tuple[Network, Subnet]]) -> str:
    inside = [one for one, subnet in pairs if not subnet.parent and one != block]
    left = sum(gap.num_addresses for gap in arithmetic.free(block, inside))
    return f"{100 * (1 - left / block.num_addresses):.1f} %"


@toolkit.operation(title="Reserve the next free subnet", effect="change", dry_run=True, timeout=30)
def reserve(
    ctx: Context,
    block: Cidr,
    prefix: Annotated[int, Field(ge=1, le=128)],
    name: Annotated[str, Field(min_length=1, max_length=100)],
    owner: Annotated[str, Field(max_length=100)] = "",
    site: Annotated[str, Field(max_length=100)] = "",
) -> views.KeyValue:
    """Find room in a block for a subnet of the given prefix, and add it to the plan."""
    outer = network(block)
    if not outer.prefixlen <= prefix <= outer.max_prefixlen:
        raise ToolkitError(
            f"a /{prefix} does not fit into {outer}: "
            f"a prefix from {outer.prefixlen} to {outer.max_prefixlen} is possible.",
            field="prefix",
        )
    place = arithmetic.fitting(outer, taken_in_plan(ctx), prefix)
    if place is None:
        raise ToolkitError(f"there is no room for a /{prefix} in {outer}.", field="prefix")
    items = {"name": name, "cidr": str(place), "hosts": arithmetic.usable(place)}
    if ctx.dry_run:
        ctx.log.info("would reserve %s as %s", place, name)
    else:
        subnet = Subnet(name=name, cidr=str(place), owner=owner, site=site)
        ctx.records(Subnet).create(subnet)
        ctx.log.info("reserved %s as %s", place, name)
    return views.KeyValue(items=items)


@toolkit.card(title="Plan of subnets", refresh=300)
def plan(ctx: Context) -> views.Stat:
    """How many subnets there are, and whether any collide."""
    subnets = ctx.records(Subnet).list()
    if not subnets:
        return views.Stat(value=0, label="subnets planned", detail="Add some to find collisions.")
    bad = [problem for problem in problems(subnets) if problem.state == "critical"]
    detail = bad[0].detail if bad else "No collisions."
    return views.Stat(
        value=len(subnets),
        label="subnets planned",
        state="critical" if bad else "ok",
        detail=f"{len(bad)} collisions: {detail}" if bad else detail,
    )
