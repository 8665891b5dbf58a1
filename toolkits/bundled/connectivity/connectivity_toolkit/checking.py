"""Check hosts and ports, now."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field
from toolkit_sdk import Context, ToolkitError, views
from toolkit_sdk.net import Ports

from connectivity_toolkit import engine, expand, showing
from connectivity_toolkit.app import Config, Hosts, Protocol, Target, toolkit
from connectivity_toolkit.engine import Addresses, Options
from connectivity_toolkit.probe import Outcome, Probe


def _readable_hosts(value: list[str]) -> list[str]:
    expand.hosts(value)
    return value


def _readable_ports(value: list[int | str]) -> list[int | str]:
    expand.ports(value)
    return value


@toolkit.operation(title="Check hosts and ports", timeout=900, effect="read", idempotent=True)
def check(
    ctx: Context,
    hosts: Annotated[
        list[Hosts],
        AfterValidator(_readable_hosts),
        Field(description="Names, addresses, or networks in CIDR form"),
    ] = [],
    ports: Annotated[
        list[Annotated[int, Field(ge=1, le=65535)] | Ports],
        AfterValidator(_readable_ports),
        Field(description="Numbers or ranges: 443, 8000-8010"),
    ] = [443],
    protocol: Protocol = "tcp",
    addresses: Annotated[
        Addresses, Field(description="Which addresses of a name are tried")
    ] = "first that answers",
    timeout_seconds: Annotated[
        float, Field(ge=0.1, le=60, description="For each connection")
    ] = 3.0,
    concurrency: Annotated[
        int, Field(ge=1, le=1024, description="Connections at the same time")
    ] = 256,
    use_targets: Annotated[bool, Field(description="Also check the records of Targets")] = False,
) -> views.Table:
    """Connect to every host on every port and report how it went and how long it took."""
    config: Config = ctx.settings
    wanted = expand.ports(ports)
    probes = [Probe(host, port, protocol) for host in expand.hosts(hosts) for port in wanted]
    if use_targets:
        for target in ctx.records(Target).list():
            probes += probes_of(target)
    probes = list(dict.fromkeys(probes))
    if not probes:
        raise ToolkitError("there is nothing to check: name hosts, or use targets.", field="hosts")
    limited(len(probes), "hosts")
    ctx.log.info("%d probes, %d at a time", len(probes), min(concurrency, len(probes)))
    options = Options(timeout_seconds, concurrency, addresses, config.reach)

    def tell(outcome: Outcome) -> None:
        showing.log(ctx, outcome)

    outcomes = engine.run(ctx, probes, options, tell)
    if showing.wants_file(outcomes):
        showing.write_csv(ctx, outcomes)
    return showing.table(outcomes)


def probes_of(target: Target) -> list[Probe]:
    """The probes that a target stands for. Raises ``ToolkitError`` for one that is unreadable."""
    try:
        wanted = expand.ports([target.ports])
        found = expand.hosts(target.hosts)
    except ValueError as error:
        raise ToolkitError(f"Target {target.name}: {error}.") from None
    return [Probe(host, port, target.protocol) for host in found for port in wanted]


def limited(count: int, field: str = "") -> None:
    """Refuse more probes than one run may make; ``field`` is the input that is to blame."""
    if count > expand.MOST_PROBES:
        raise ToolkitError(
            f"that makes {count:,} probes; {expand.MOST_PROBES:,} is the most.", field=field
        )
