"""Writes ``docs/performance.md`` from the ``bench.json`` that ``make bench`` leaves.

``python scripts/write_performance.py [bench.json] [--note TEXT]``
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent
PAGE = BASE / "docs" / "performance.md"

HEAD = """# Performance

What `make bench` measured on one machine, side by side in one run; it is the ratios that carry over
to another. Goals that are not met are in the table too.

## How to repeat it

```sh
make bench
.venv/bin/python scripts/write_performance.py bench.json
```

`make bench ARGS="--quick"` takes smaller sizes, `make bench ARGS="--only api_list pages"` some of
the measurements, `--database sqlite` the other database. It wants an idle machine: the spread, half
the distance between the quartiles as a share of the median, tells how idle it was. It starts
servers of its own on free ports and leaves nothing behind but `bench.json`; it leaves with 1 where
a goal is not met. The second command writes this page.
"""


def page(found: dict[str, Any], note: str = "") -> str:
    """The page for one run."""
    machine = found["machine"]
    cores = f", {machine['cores']} cores" if machine.get("cores") else ""
    parts = [HEAD, f"Measured with Python {machine['python']} on {machine['system']}{cores}.\n"]
    parts += [f"{note}\n"] if note else []
    parts += ["## Goals\n", *_goals(found["goals"])]
    plain = [one for one in found["series"] if not one["name"].startswith("growth |")]
    parts += ["\n## Figures\n", *_series(plain)]
    if grown := [one for one in found["series"] if one["name"].startswith("growth |")]:
        parts += ["\n## Growth\n", GROWTH, *_growth(grown)]
    return "\n".join(parts) + "\n"


GROWTH = """The median in milliseconds at a size, at ten times and at a hundred times that size. The
exponent says how the time grows: 0 not at all, 1 as the size does.
"""


def _goals(goals: list[dict[str, Any]]) -> list[str]:
    lines = ["| goal | is | bound | |", "| --- | ---: | ---: | --- |"]
    for goal in goals:
        sign = "≤" if goal["at_most"] else "≥"
        met = "met" if goal["met"] else "**not met**"
        is_, bound = f"{goal['value']:,.2f}", f"{sign} {goal['bound']:,.2f}"
        lines.append(f"| {goal['name']} | {is_} {goal['unit']} | {bound} {goal['unit']} | {met} |")
    return lines


def _series(series: list[dict[str, Any]]) -> list[str]:
    lines = ["| measured | median | p95 | ± spread | n |", "| --- | ---: | ---: | ---: | ---: |"]
    for one in series:
        figures = f"{one['median']:,.2f} {one['unit']} | {one['p95']:,.2f} | {one['spread']:.0%}"
        lines.append(f"| {one['name']} | {figures} | {one['count']} |")
    return lines


def _growth(series: list[dict[str, Any]]) -> list[str]:
    rows: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for one in series:
        _, what, of, size = (part.strip() for part in one["name"].split("|"))
        rows.setdefault((what, of), []).append((int(size), one["median"]))
    lines = ["| what | more | ×1 | ×10 | ×100 | exponent |",
             "| --- | --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for (what, of), points in rows.items():
        points.sort()
        (least, first), (most, last) = points[0], points[-1]
        exponent = math.log(last / first) / math.log(most / least)
        cells = " | ".join(f"{value:,.2f}" for _, value in points)
        lines.append(f"| {what} | {of}, from {least:,} | {cells} | {exponent:.2f} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", type=Path, default=Path("bench.json"))
    parser.add_argument("--note", default="", help="a sentence about this run")
    options = parser.parse_args()
    found = json.loads(options.source.read_text(encoding="utf-8"))
    PAGE.write_text(page(found, options.note), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(BASE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
