"""What the toolkit offers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Annotated

from pydantic import Field
from toolkit_sdk import Context, Record, Settings, Toolkit, ToolkitError, views

from connectivity_toolkit import expand
from connectivity_toolkit.probe import Probe, probe

toolkit = Toolkit()

_CELLS = {"open": "ok", "closed": "critical", "timeout": "warning"}
_CARD_TARGETS = 200


@toolkit.settings
class Config(Settings):
    """How the card checks the targets."""

    card_timeout_seconds: float = Field(default=2.0, ge=0.1, le=10)


@toolkit.collection("targets", title="Targets")
class Target(Record):
    """An address that should answer."""

    name: str = Field(min_length=1, max_length=100)
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(default=443, ge=1, le=65535)
    note: str = ""


@toolkit.operation(title="Check targets", timeout=600, effect="read", idempotent=True)
def check(
    ctx: Context,
    hosts: Annotated[
        list[str], Field(description="Names, addresses, or networks in CIDR form")
    ] = [],
    ports: Annotated[list[int | str], Field(description="Numbers or ranges: 443, 8000-8010")] = [
        443
    ],
    timeout_seconds: Annotated[
        float, Field(ge=0.1, le=60, description="For each connection")
    ] = 3.0,
    concurrency: Annotated[int, Field(ge=1, le=256)] = 64,
    use_targets: Annotated[bool, Field(description="Also check the records of Targets")] = False,
) -> views.Table:
    """Open a TCP connection to every host on every port and report how long it took."""
    wanted = expand.ports(ports)
    pairs = [(host, port) for host in expand.hosts(hosts) for port in wanted]
    if use_targets:
        pairs += [(target.host, target.port) for target in ctx.records(Target).list()]
    pairs = list(dict.fromkeys(pairs))
    if not pairs:
        raise ToolkitError("There is nothing to check: name hosts, or use targets.")
    if len(pairs) > expand.MOST_PROBES:
        raise ToolkitError(f"That makes {len(pairs)} probes; {expand.MOST_PROBES} is the most.")
    results = {}
    for done, result in _probes(ctx, pairs, timeout_seconds, concurrency):
        _log(ctx, result)
        ctx.report(done, len(pairs), f"{result.host}:{result.port}")
        results[result.host, result.port] = result
    return _table([results[pair] for pair in pairs])


def _probes(
    ctx: Context, pairs: list[tuple[str, int]], timeout: float, concurrency: int
) -> Iterator[tuple[int, Probe]]:
    """Yield each result as it comes. Stops promptly when the job is cancelled."""
    waiting = iter(pairs)
    running: set[Future[Probe]] = set()
    pool = ThreadPoolExecutor(max_workers=min(concurrency, len(pairs)))
    done = 0
    try:
        while True:
            for host, port in waiting:
                running.add(pool.submit(probe, host, port, timeout))
                if len(running) >= concurrency:
                    break
            if not running:
                return
            finished, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
            ctx.checkpoint()
            for future in finished:
                done += 1
                yield done, future.result()
    finally:
        # Probes under way end by their own time-out; nobody waits for them.
        pool.shutdown(wait=False, cancel_futures=True)


def _log(ctx: Context, result: Probe) -> None:
    detail = f"{result.latency_ms} ms" if result.ok else result.error
    ctx.log.info("%s:%d is %s (%s)", result.host, result.port, result.state, detail)


def _table(results: list[Probe]) -> views.Table:
    count = sum(result.ok for result in results)
    return views.Table(
        title="Reachability",
        columns=[
            views.Column(key="host"),
            views.Column(key="port", type="number"),
            views.Column(key="state", type="state"),
            views.Column(key="latency", type="duration_ms"),
            views.Column(key="address", type="code"),
            views.Column(key="error"),
        ],
        rows=[
            {
                "host": result.host,
                "port": result.port,
                "state": views.state(_CELLS.get(result.state, "unknown"), result.state),
                "latency": result.latency_ms,
                "address": result.address,
                "error": "" if result.ok else result.error,
            }
            for result in results
        ],
        caption=f"{count} of {len(results)} open",
    )


@toolkit.card(title="Reachability", refresh=60)
def reachability(ctx: Context) -> views.Stat:
    """How many of the targets accept a connection."""
    targets = ctx.records(Target).list()[:_CARD_TARGETS]
    if not targets:
        return views.Stat(
            value="–",
            label="targets",
            state="unknown",
            detail="Add records to Targets to watch them.",
        )
    pairs = list(dict.fromkeys((target.host, target.port) for target in targets))
    results = [result for _, result in _probes(ctx, pairs, ctx.settings.card_timeout_seconds, 32)]
    down = [f"{result.host}:{result.port}" for result in results if not result.ok]
    state = "ok" if not down else "critical" if len(down) == len(results) else "warning"
    detail = f"Not reachable: {', '.join(down[:5])}" if down else "All targets answer."
    value = f"{len(results) - len(down)} of {len(results)}"
    return views.Stat(value=value, label="targets reachable", state=state, detail=detail)
