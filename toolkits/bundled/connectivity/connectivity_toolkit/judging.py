"""Whether targets are as they should be, over time: state, changes, flapping."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from toolkit_sdk import Sample, views

from connectivity_toolkit.app import Config, Target
from connectivity_toolkit.probe import Outcome

UP, DEGRADED, DOWN = "up", "degraded", "down"
COLOURS: dict[str, views.State] = {UP: "ok", DEGRADED: "warning", DOWN: "critical"}
_SHOWN = 5


@dataclass(frozen=True)
class Judged:
    """What one check of a target came to."""

    state: str
    good: int
    total: int
    median_ms: float | None
    bad: tuple[str, ...]

    def packed(self) -> dict[str, Any]:
        """As the history keeps it."""
        return {
            "s": self.state, "g": self.good, "n": self.total, "ms": self.median_ms,
            "bad": list(self.bad[:_SHOWN]),
        }  # fmt: skip


def as_expected(target: Target, outcome: Outcome) -> str:
    """Why an outcome is not what the target expects; empty where it is."""
    if target.expect == "closed":
        if outcome.ok:
            return f"{outcome.probe.label} is open"
        # A name without an address and a denied address say nothing about the port.
        return (
            f"{outcome.probe.label}: {outcome.error}" if outcome.kind in ("name", "denied") else ""
        )
    if not outcome.ok:
        return f"{outcome.probe.label}: {outcome.error}"
    took = (outcome.latency_ms or 0) + (outcome.tls_ms or 0)
    if target.max_ms is not None and took > target.max_ms:
        return f"{outcome.probe.label}: {took:.0f} ms, more than {target.max_ms:g} ms"
    return ""


def judge(target: Target, outcomes: Sequence[Outcome]) -> Judged:
    """Say what a check of a target comes to."""
    bad = [why for outcome in outcomes if (why := as_expected(target, outcome))]
    good, total = len(outcomes) - len(bad), len(outcomes)
    times = [outcome.latency_ms for outcome in outcomes if outcome.ok and outcome.latency_ms]
    share = 100 * good / total if total else 0
    state = UP if share >= target.at_least else DEGRADED if good else DOWN
    median = round(statistics.median(times), 2) if times else None
    return Judged(state, good, total, median, tuple(bad))


@dataclass
class Memory:
    """What is remembered of a target between checks. ``told`` is the state that people know,
    ``fresh`` one that has not lasted long enough yet, ``count`` for how many checks it has."""

    told: str
    since: float
    fresh: str = ""
    count: int = 0
    flapping: bool = False

    def take(self, state: str, at: float, confirm: int) -> bool:
        """Take a check's state; whether it is a change that has lasted."""
        if state == self.told:
            self.fresh, self.count = "", 0
            return False
        self.count = self.count + 1 if state == self.fresh else 1
        self.fresh = state
        if self.count < confirm:
            return False
        self.told, self.since, self.fresh, self.count = state, at, "", 0
        return True


def changes(samples: Sequence[Sample], since: float) -> int:
    """How often the state changed since a moment."""
    states = [sample.value["s"] for sample in samples if sample.at >= since]
    return sum(one != other for one, other in pairwise(states))


def flaps(samples: Sequence[Sample], now: float, config: Config) -> bool:
    """Whether the state changed so often lately that it is flapping."""
    return changes(samples, now - 60 * config.flap_minutes) >= config.flap_changes


def availability(samples: Sequence[Sample]) -> float | None:
    """Percentage of checks in which the target was up."""
    if not samples:
        return None
    return 100 * sum(sample.value["s"] == UP for sample in samples) / len(samples)
