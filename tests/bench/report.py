"""Measurements: repeated, with their median and spread, and ratios of what ran side by side."""

from __future__ import annotations

import json
import math
import platform
import statistics
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Series:
    """Figures of one thing, measured several times."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        return sorted(self.values)[math.ceil(len(self.values) * 0.95) - 1]

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles, as a share of the median."""
        if len(self.values) < 4:
            return (max(self.values) - min(self.values)) / 2 / self.median
        quarters = statistics.quantiles(self.values, n=4)
        return (quarters[2] - quarters[0]) / 2 / self.median

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name, "unit": self.unit, "count": len(self.values),
            "median": self.median, "p95": self.p95, "spread": self.spread,
        }  # fmt: skip


@dataclass
class Goal:
    """What must hold: a figure and its bound."""

    name: str
    value: float
    bound: float
    at_most: bool
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound


@dataclass
class Report:
    """All of one run."""

    series: list[Series] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def add(self, *series: Series) -> None:
        self.series.extend(series)

    def goal(self, name: str, value: float, bound: float, *, at_most: bool, unit: str = "") -> None:
        self.goals.append(Goal(name, value, bound, at_most, unit))

    def table(self) -> str:
        lines = [f"{'measured':<58}{'median':>12}{'p95':>12}{'± spread':>10}  unit"]
        lines += [
            f"{one.name:<58}{one.median:>12,.2f}{one.p95:>12,.2f}{one.spread:>9.0%}   {one.unit}"
            for one in self.series
        ]
        lines += ["", f"{'goal':<58}{'is':>12}{'bound':>12}"]
        for goal in self.goals:
            sign, word = ("≤" if goal.at_most else "≥"), ("met" if goal.met else "NOT MET")
            bound = f"{sign} {goal.bound:,.2f}"
            lines.append(f"{goal.name:<58}{goal.value:>12,.2f}{bound:>12}  {goal.unit} {word}")
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        path.write_text(
            json.dumps(
                {
                    "machine": {"python": platform.python_version(), "system": platform.platform()},
                    "series": [one.as_json() for one in self.series],
                    "goals": [{**asdict(goal), "met": goal.met} for goal in self.goals],
                },
                indent=2,
            )
        )
