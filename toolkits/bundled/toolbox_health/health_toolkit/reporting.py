"""What the checks found over time: latencies, queues, availability, incidents."""

from __future__ import annotations

import csv
import datetime as dt
import time
from collections.abc import Callable, Iterable, Sequence
from statistics import quantiles
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, Sample, views

from health_toolkit import ledger
from health_toolkit.app import toolkit
from health_toolkit.judging import OK, UNKNOWN, lasted
from health_toolkit.ledger import CHECKS, INCIDENTS

_DAY, _HOUR, _READ, _POINTS = 86_400, 3600, 50_000, 1000
_NO_CHECKS = (
    "There are no checks of that time. Run or schedule "
    "[Check the platform](/toolkits/toolbox_health/run/check/)."
)
Hours = Annotated[int, Field(ge=1, le=24 * 60, description="How far back")]
Days = Annotated[int, Field(ge=1, le=3650, description="How far back")]


def _checks(ctx: Context, hours: float) -> list[Sample]:
    return ctx.history(CHECKS).read(since=time.time() - hours * _HOUR, limit=_READ)


@toolkit.operation(title="History", interactive=True, timeout=60)
def history(ctx: Context, hours: Hours = 24) -> views.Section:
    """Show latency, availability and queues over time, by the checks that were kept."""
    samples = _checks(ctx, hours)
    ctx.log.info("%d checks in %d hours", len(samples), hours)
    if not samples:
        said = views.Markdown(text=_NO_CHECKS)
        return views.Section(title="History of the platform", views=[said])
    names = _names(samples, "c")
    queues = _names(samples, "q")
    answering = [name for name in names if name not in ("Scheduler", "Runners")]

    def of_part(wanted: list[str]) -> list[views.Series]:
        return _series(samples, wanted, lambda value, name: value["c"].get(name, (0, None))[1])

    def of_queue(place: int) -> list[views.Series]:
        return _series(samples, queues, lambda value, name: value["q"].get(name, [None] * 4)[place])

    def age(value: Any, name: str) -> float | None:
        """Nothing that waits has waited for no time."""
        return value["q"][name][1] or 0.0 if name in value["q"] else None

    return views.Section(
        title="History of the platform",
        views=[
            _availability(samples, names),
            views.TimeSeries(title="Latency", unit="ms", series=of_part(answering)),
            views.TimeSeries(
                title="Sign of life of the scheduler, start of a runner",
                unit="ms",
                series=of_part([name for name in names if name not in answering]),
            ),
            views.TimeSeries(title="Jobs that wait", series=of_queue(0)),
            views.TimeSeries(
                title="Age of the oldest", unit="s", series=_series(samples, queues, age)
            ),
            views.TimeSeries(title="Workers that listen", series=of_queue(3)),
        ],
    )


def _names(samples: Iterable[Sample], part: str) -> list[str]:
    return list(dict.fromkeys(name for one in samples for name in one.value[part]))


def _series(
    samples: Sequence[Sample], names: Iterable[str], value: Callable[[Any, str], float | None]
) -> list[views.Series]:
    """A line for each name that has a value at all, thinned out so that peaks stay."""
    found = []
    for name in names:
        points = [(one.at, value(one.value, name)) for one in samples]
        if any(figure is not None for _, figure in points):
            found.append(views.Series(label=name, points=_thinned(points)))
    return found


def _thinned(points: list[tuple[float, float | None]]) -> list[tuple[float, float | None]]:
    size = -(-len(points) // _POINTS)
    groups = [points[start : start + size] for start in range(0, len(points), max(1, size))]
    return [max(group, key=lambda point: -1 if point[1] is None else point[1]) for group in groups]


def _availability(samples: Sequence[Sample], names: Iterable[str]) -> views.Table:
    rows = []
    for name in names:
        states = [one.value["c"][name][0] for one in samples if name in one.value["c"]]
        known = [state for state in states if state != UNKNOWN]
        found = [one.value["c"].get(name, (0, None))[1] for one in samples]
        times = [ms for ms in found if ms is not None]
        good = known.count(OK)
        share = round(100 * good / len(known), 3) if known else None
        state: views.State = UNKNOWN if share is None else OK if good == len(known) else "warning"  # type: ignore[assignment]
        rows.append(
            {
                "component": name,
                "well": views.state(state, "–" if share is None else f"{share:g} %"),
                "checks": len(states),
                "p50": _percentile(times, 50),
                "p95": _percentile(times, 95),
                "last": views.state(states[-1]),
            }
        )
    return views.Table(
        columns=[
            views.Column(key="component"),
            views.Column(key="well", label="Well", type="state"),
            views.Column(key="last", label="At the last check", type="state"),
            views.Column(key="p50", label="Median", type="duration_ms"),
            views.Column(key="p95", label="95th percentile", type="duration_ms"),
            views.Column(key="checks", type="number"),
        ],
        rows=rows,
    )


def _percentile(values: Sequence[float], share: int) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return round(quantiles(values, n=100, method="inclusive")[share - 1], 2)


@toolkit.operation(title="Incidents", interactive=True, timeout=60)
def incidents(ctx: Context, days: Days = 30) -> views.Section:
    """Show what went down, when, and when it came back."""
    now = time.time()
    found = ledger.incidents(ctx, now - days * _DAY)
    going_on = sum(one["ended"] is None for one in found)
    ctx.log.info("%d incidents, %d of them go on", len(found), going_on)
    stat = views.Stat(
        value=len(found),
        label=f"incidents in {days} days",
        state="critical" if going_on else "ok",
        detail=f"{going_on} of them go on." if going_on else "None goes on.",
    )
    if not found:
        return views.Section(title="Incidents", views=[stat, _nothing(ctx)])
    timeline = views.Timeline(
        events=[
            views.TimelineEvent(
                start=_moment(one["began"]),
                end=None if one["ended"] is None else _moment(one["ended"]),
                label=one["component"],
                state=one["worst"],
                detail=one["text"] if one["ended"] else f"{one['text']} (goes on)",
            )
            for one in found[:200]
        ]
    )
    return views.Section(title="Incidents", views=[stat, _table(found[:1000], now), timeline])


def _nothing(ctx: Context) -> views.Text:
    if ctx.history(CHECKS).latest() is None:
        return views.Text(text='Nothing was checked yet. Schedule "Check the platform".')
    return views.Text(text="Every check of that time found all parts of the platform well.")


def _table(found: Sequence[dict[str, Any]], now: float) -> views.Table:
    return views.Table(
        columns=[
            views.Column(key="component"),
            views.Column(key="state", type="state"),
            views.Column(key="well_at", label="Last seen well", type="datetime"),
            views.Column(key="began", label="Seen down", type="datetime"),
            views.Column(key="ended", label="Seen back", type="datetime"),
            views.Column(key="lasted"),
            views.Column(key="what"),
        ],
        rows=[
            {
                "component": one["component"],
                "state": views.state(one["worst"], "goes on" if one["ended"] is None else "over"),
                "well_at": one.get("well_at"),
                "began": one["began"],
                "ended": one["ended"],
                "lasted": lasted((one["ended"] or now) - one["began"]),
                "what": one["text"],
            }
            for one in found
        ],
    )


def _moment(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)


@toolkit.operation(title="Export checks", timeout=300)
def export_checks(ctx: Context, hours: Hours = 24) -> views.Files:
    """Write the checks as CSV: a line for each component of each check."""
    samples = _checks(ctx, hours)
    with ctx.artifact("checks.csv", text=True, content_type="text/csv") as stream:
        writer = csv.writer(stream)
        writer.writerow(["at", "component", "state", "latency_ms", "waiting", "oldest_seconds"])
        for _, one in ctx.progress(samples, label="Writing"):
            for name, (state, latency) in one.value["c"].items():
                queue = one.value["q"].get(name.removeprefix("Queue "), ("", ""))
                writer.writerow([_moment(one.at).isoformat(), name, state, latency, *queue[:2]])
    return views.Files(files=[views.FileItem(name="checks.csv", description="All checks")])


@toolkit.operation(title="Clear history", timeout=300, effect="destroy", dry_run=True)
def clear_history(ctx: Context, older_than_days: Days = 30) -> views.KeyValue:
    """Drop checks and ended incidents from before a moment."""
    before = time.time() - older_than_days * _DAY
    counts = {}
    for name in (CHECKS, INCIDENTS):
        series = ctx.history(name)
        found = len(series.read(until=before, limit=_READ)) if ctx.dry_run else series.prune(before)
        ctx.log.info("%s: %d", name, found)
        counts[f"{name} {'that would be dropped' if ctx.dry_run else 'dropped'}"] = found
    return views.KeyValue(items=counts)
