"""Figures over samples: percentiles, attainment, error budget, streaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from latency_toolkit.probing import PHASES, Sample

HOUR = 3600


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value below which ``share`` percent lie, between neighbours by their distance."""
    if not values:
        return None
    ranked = sorted(values)
    place = (len(ranked) - 1) * share / 100
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


@dataclass(frozen=True)
class Streak:
    """Breaches in a row. ``end`` is the first good sample after it; None while it lasts."""

    start: float
    end: float | None
    count: int
    error: str


@dataclass(frozen=True)
class Figures:
    """What a span of samples comes to. Times are of samples that were answered."""

    count: int
    breaches: int
    errors: int
    p50: float | None
    p95: float | None
    p99: float | None
    worst: float | None
    phases: dict[str, float | None]

    @property
    def attainment(self) -> float | None:
        """Percentage of samples that kept the promise."""
        return None if not self.count else 100 * (1 - self.breaches / self.count)

    def budget_left(self, objective: float) -> float | None:
        """Percentage of the allowed breaches that is not used up; negative beyond."""
        allowed = self.count * (100 - objective) / 100
        if not self.count:
            return None
        if allowed <= 0:
            return 0.0 if self.breaches else 100.0
        return 100 * (1 - self.breaches / allowed)

    def burn_rate(self, objective: float) -> float | None:
        """How many times faster than allowed the budget is used; 1 just keeps the objective."""
        if not self.count:
            return None
        return (self.breaches / self.count) / ((100 - objective) / 100)


def of(samples: Sequence[Sample]) -> Figures:
    """Reckon the figures."""
    times = [sample.total for sample in samples if sample.status is not None]
    return Figures(
        count=len(samples),
        breaches=sum(sample.breach for sample in samples),
        errors=sum(bool(sample.error) for sample in samples),
        p50=percentile(times, 50),
        p95=percentile(times, 95),
        p99=percentile(times, 99),
        worst=max(times, default=None),
        phases={name: _median(samples, name) for name in PHASES},
    )


def _median(samples: Sequence[Sample], phase: str) -> float | None:
    values = [value for one in samples if (value := one.phases.get(phase)) is not None]
    return percentile(values, 50)


def streaks(samples: Sequence[Sample]) -> list[Streak]:
    """The runs of breaches, in order of time."""
    found: list[Streak] = []
    run: list[Sample] = []
    for sample in samples:
        if sample.breach:
            run.append(sample)
        elif run:
            found.append(_streak(run, sample.at))
            run = []
    if run:
        found.append(_streak(run, None))
    return found


def _streak(run: list[Sample], end: float | None) -> Streak:
    return Streak(run[0].at, end, len(run), run[-1].error or "slower than promised")


def hourly(figures: Figures) -> dict[str, Any]:
    """The figures of an hour as the history keeps them."""
    return {
        "n": figures.count,
        "b": figures.breaches,
        "p50": _rounded(figures.p50),
        "p95": _rounded(figures.p95),
        "p99": _rounded(figures.p99),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
