"""Many probes at bounded concurrency, in one thread, which a cancelled job leaves at once."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal

from toolkit_sdk import Context
from toolkit_sdk.net import Endpoint, Family, NetError, Reach, Resolved, resolve

from connectivity_toolkit.probe import Failed, Outcome, Probe, take

Addresses = Literal["first that answers", "every address", "IPv4", "IPv6"]
_FAMILIES: dict[str, Family] = {"IPv4": "ipv4", "IPv6": "ipv6"}
_RESOLVERS = 32
_TICK = 0.1


@dataclass(frozen=True)
class Options:
    """How probes are made."""

    timeout: float = 3.0
    concurrency: int = 256
    addresses: Addresses = "first that answers"
    reach: Reach = field(default_factory=Reach)


def run(
    ctx: Context,
    probes: list[Probe],
    options: Options,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Make all probes and return what came of them, in their order.

    With ``every address`` a probe has an outcome for each address of its host.
    """
    if not probes:
        return []
    found = asyncio.run(_Run(ctx, probes, options, on_outcome).all())
    return [outcome for outcomes in found for outcome in outcomes]


class _Run:
    def __init__(
        self,
        ctx: Context,
        probes: list[Probe],
        options: Options,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self.ctx, self.probes, self.options, self.tell = ctx, probes, options, on_outcome
        self.found: list[list[Outcome]] = [[] for _ in probes]
        self.fresh: list[int] = []
        self.names: dict[str, asyncio.Future[Resolved]] = {}
        self.resolvers = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolver")

    async def all(self) -> list[list[Outcome]]:
        waiting = iter(enumerate(self.probes))
        count = min(self.options.concurrency, len(self.probes))
        pending = {asyncio.create_task(self._work(waiting)) for _ in range(count)}
        told = 0
        try:
            while pending:
                done, pending = await asyncio.wait(pending, timeout=_TICK)
                for task in done:
                    task.result()
                told = self._report(told)
        finally:
            for task in pending:
                task.cancel()
            # A look-up under way ends by the resolver's own time-out; nobody waits for it.
            self.resolvers.shutdown(wait=False, cancel_futures=True)
            await asyncio.gather(*pending, return_exceptions=True)
        return self.found

    def _report(self, told: int) -> int:
        """Tell of what is new; also a checkpoint."""
        fresh, self.fresh = self.fresh, []
        for index in fresh:
            for outcome in self.found[index]:
                self.tell(outcome)
        told += len(fresh)
        label = self.probes[fresh[-1]].label if fresh else ""
        if fresh or told == 0:
            self.ctx.report(told, len(self.probes), label)
        else:
            self.ctx.checkpoint()
        return told

    async def _work(self, waiting: Iterator[tuple[int, Probe]]) -> None:
        for index, probe in waiting:
            self.found[index] = await self._probe(probe)
            self.fresh.append(index)

    async def _probe(self, probe: Probe) -> list[Outcome]:
        try:
            found = await self._resolved(probe.host)
        except NetError as error:
            return [Outcome(probe, kind=error.kind, error=str(error))]
        outcomes = []
        for endpoint in found.endpoints:
            outcomes.append(await self._endpoint(probe, endpoint, found.dns_ms))
            if self.options.addresses != "every address" and outcomes[-1].ok:
                break
        return outcomes if self.options.addresses == "every address" else [outcomes[-1]]

    async def _endpoint(self, probe: Probe, endpoint: Endpoint, dns_ms: float) -> Outcome:
        base = Outcome(probe, address=endpoint.address, dns_ms=dns_ms)
        try:
            taken = await take(probe, endpoint, self.options.timeout)
        except Failed as failed:
            return replace(base, kind=failed.kind, error=failed.text, latency_ms=failed.latency_ms)
        return replace(base, latency_ms=taken.latency_ms, tls_ms=taken.tls_ms, detail=taken.detail)

    async def _resolved(self, host: str) -> Resolved:
        """Look a host up once, however many of its ports are probed."""
        if host not in self.names:
            self.names[host] = asyncio.ensure_future(self._look_up(host))
        return await asyncio.shield(self.names[host])

    async def _look_up(self, host: str) -> Resolved:
        family = _FAMILIES.get(self.options.addresses, "any")
        reach = self.options.reach
        if _is_address(host):
            return resolve(host, 0, reach, family=family)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self.resolvers, lambda: resolve(host, 0, reach, family=family)
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
