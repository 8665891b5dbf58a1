"""Numbers of result views as geometry: all that a template needs to draw them without a style."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, TypeGuard

from toolkits.pages import formats

HEAT_LEVELS = 8
#: With more columns than this a heat map shows its numbers on hover instead of in its cells.
HEAT_COLUMNS_WITH_TEXT = 16
SERIES_COLORS = 8
MAX_POINTS = 20_000
_STATES = frozenset({"ok", "warning", "critical", "unknown", "info"})


def _is_number(value: object) -> TypeGuard[int | float]:
    """Whether ``value`` can be drawn: infinities and NaN cannot."""
    return isinstance(value, int | float) and math.isfinite(value)


def _scale(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low) if high > low else 0.5


def sparkline(values: list[Any]) -> dict[str, str] | None:
    """Return the points of a small line in a 100 x 28 box, or None for fewer than two values."""
    numbers = [float(value) for value in values if _is_number(value)][-200:]
    if len(numbers) < 2:
        return None
    low, high = min(numbers), max(numbers)
    step = 100 / (len(numbers) - 1)
    points = [
        f"{index * step:.1f},{26 - 24 * _scale(value, low, high):.1f}"
        for index, value in enumerate(numbers)
    ]
    return {"line": " ".join(points), "area": f"0,28 {' '.join(points)} 100,28"}


def bars(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return bars with their length in percent of the longest."""
    lengths = [abs(float(bar["value"])) if _is_number(bar["value"]) else 0.0 for bar in given]
    longest = max(lengths, default=0) or 1
    return [
        {
            "label": str(bar["label"]),
            "text": formats.number_text(bar["value"]),
            "percent": round(100 * length / longest, 1),
            "state": bar.get("state") if bar.get("state") in _STATES else "plain",
        }
        for bar, length in zip(given, lengths, strict=True)
    ]


def heatmap(x: list[Any], y: list[Any], values: list[list[Any]]) -> dict[str, Any]:
    """Return rows of cells with a level from 0 to 7, and what the ends of the scale stand for."""
    columns = [str(label) for label in x]
    numbers = [float(v) for row in values for v in row if _is_number(v)]
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 0.0)
    rows = [
        {
            "label": str(label),
            "cells": [
                {
                    "column": column,
                    "text": formats.number_text(value),
                    "level": _level(value, low, high),
                }
                for column, value in zip(columns, row, strict=False)
            ],
        }
        for label, row in zip(y, values, strict=False)
    ]
    return {
        "x": columns,
        "rows": rows,
        "dense": len(columns) > HEAT_COLUMNS_WITH_TEXT,
        "low": formats.number_text(low),
        "high": formats.number_text(high),
        "levels": range(HEAT_LEVELS),
    }


def _level(value: Any, low: float, high: float) -> str:
    if not _is_number(value):
        return "none"
    return str(min(HEAT_LEVELS - 1, int(_scale(float(value), low, high) * HEAT_LEVELS)))


def timeline(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return events with their place on a lane of 1000 units."""
    made = []
    for event in events:
        start = formats.moment(event["start"])
        if start is None:
            raise ValueError("an event has no start")
        end = formats.moment(event["end"]) if event.get("end") else None
        made.append({**event, "start": start, "end": end, "open": end is None})
    first = min((event["start"] for event in made), default=None)
    last = max((event["end"] or event["start"] for event in made), default=None)
    if first is None or last is None:
        return []
    span = (last - first).total_seconds() or 1
    for event in made:
        until = event["end"] or event["start"]
        event["x"] = round(990 * (event["start"] - first).total_seconds() / span)
        event["width"] = max(10, round(990 * (until - event["start"]).total_seconds() / span))
        seconds = (until - event["start"]).total_seconds()
        event["length"] = formats.duration_text(seconds) if event["end"] else ""
        event["state"] = event.get("state") if event.get("state") in _STATES else "unknown"
    return made


def time_series(series: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    """Return series on one axis of times for uPlot, and a summary for everybody else."""
    by_label = [(str(one["label"]), dict(_points(one["points"]))) for one in series]
    times = sorted({time for _, points in by_label for time in points})[:MAX_POINTS]
    summary = []
    for index, (label, points) in enumerate(by_label):
        at_times = (points.get(time) for time in times)
        known = [value for value in at_times if value is not None]
        summary.append(
            {
                "label": label,
                "color": index % SERIES_COLORS + 1,
                "spark": sparkline(known),
                "low": formats.number_text(min(known)) if known else "–",
                "high": formats.number_text(max(known)) if known else "–",
                "last": formats.number_text(known[-1]) if known else "–",
            }
        )
    data = [times, *([points.get(time) for time in times] for _, points in by_label)]
    labels = [label for label, _ in by_label]
    step = min((later - earlier for earlier, later in pairwise(times)), default=0)
    return {
        "chart": {"labels": labels, "unit": unit, "data": data, "step": step},
        "summary": summary,
    }


def _points(points: list[Any]) -> list[tuple[float, float | None]]:
    made: list[tuple[float, float | None]] = []
    for time, value in points:
        if math.isfinite(float(time)):
            made.append((float(time), float(value) if _is_number(value) else None))
    return made
