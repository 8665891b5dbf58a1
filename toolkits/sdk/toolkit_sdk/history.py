"""Samples over time that a toolkit keeps: latencies, states, counts."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit_sdk.context import Platform

_BATCH = 1000


@dataclass(frozen=True)
class Sample:
    """One sample. ``at`` is in epoch seconds; ``value`` is any JSON type."""

    at: float
    value: Any

    @property
    def moment(self) -> datetime:
        """When it was taken, in UTC."""
        return datetime.fromtimestamp(self.at, UTC)


class History:
    """One series of samples, in order of time. The platform keeps it until it is pruned."""

    def __init__(self, platform: Platform, series: str) -> None:
        self._platform, self.series = platform, series

    def _call(self, action: str, **arguments: Any) -> Any:
        return self._platform.call("history", action=action, series=self.series, **arguments)

    def append(self, value: Any, at: float | None = None) -> None:
        """Add a sample, of now unless ``at`` says when."""
        self.extend([Sample(time.time() if at is None else at, value)])

    def extend(self, samples: Iterable[Sample]) -> None:
        """Add many samples in few calls."""
        pairs = [[sample.at, sample.value] for sample in samples]
        for start in range(0, len(pairs), _BATCH):
            self._call("append", samples=pairs[start : start + _BATCH])

    def read(
        self, since: float | None = None, until: float | None = None, limit: int = 10_000
    ) -> list[Sample]:
        """Return the samples of a span of time, the newest ``limit`` of them, oldest first."""
        found = self._call("read", since=since, until=until, limit=limit)
        return [Sample(at, value) for at, value in found]

    def latest(self) -> Sample | None:
        """Return the newest sample."""
        found = self.read(limit=1)
        return found[-1] if found else None

    def prune(self, before: float) -> int:
        """Drop the samples from before a moment; returns how many."""
        return int(self._call("prune", before=before))

    def clear(self) -> int:
        """Drop all samples; returns how many."""
        return self.prune(float(1 << 40))
