"""What the scheduled checks found: status, history, heat map."""

from __future__ import annotations

import datetime as dt
import time
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, Sample, ToolkitError, views

from connectivity_toolkit.app import NEVER_CHECKED, NO_TARGETS, Target, toolkit
from connectivity_toolkit.judging import COLOURS, UP, availability, changes
from connectivity_toolkit.watching import remembered

_HOUR, _DAY = 3600, 86_400
_MOST_ROWS = 100


@toolkit.operation(title="Status of targets", interactive=True, timeout=60)
def status(
    ctx: Context,
    tag: Annotated[str, Field(max_length=100, description="Only targets with this tag")] = "",
) -> views.Table:
    """List every target with its state, since when, and its availability."""
    every = ctx.records(Target).list()
    targets = [one for one in every if not tag or tag in one.tags]
    if not targets and every:
        raise ToolkitError(f"no target has the tag {tag!r}.", field="tag")
    memory, now, rows = remembered(ctx), time.time(), []
    for _, target in ctx.progress(targets, label="Reading"):
        week = ctx.history(f"target:{target.record_id}").read(since=now - 7 * _DAY, limit=50_000)
        day = [sample for sample in week if sample.at >= now - _DAY]
        entry = memory.get(target.record_id)
        row: dict[str, Any] = {
            "name": target.name,
            "state": views.state("unknown", "never checked"),
            "since": None,
            "day": _percent(availability(day)),
            "week": _percent(availability(week)),
            "changes": changes(day, now - _DAY),
            "median": week[-1].value["ms"] if week else None,
            "checked": week[-1].at if week else None,
            "tags": ", ".join(target.tags),
            "owner": target.owner,
        }
        if entry is not None:
            word = f"{entry.told}, flapping" if entry.flapping else entry.told
            row["state"] = views.state(COLOURS[entry.told], word)
            row["since"] = entry.since
        rows.append(row)
    return views.Table(
        columns=[
            views.Column(key="name"),
            views.Column(key="state", type="state"),
            views.Column(key="since", type="datetime"),
            views.Column(key="day", label="Up, 24 h", align="end"),
            views.Column(key="week", label="Up, 7 d", align="end"),
            views.Column(key="changes", label="Changes, 24 h", type="number"),
            views.Column(key="median", type="duration_ms"),
            views.Column(key="checked", type="datetime"),
            views.Column(key="tags"),
            views.Column(key="owner"),
        ],
        rows=rows,
        caption=None if rows else 'There are no targets yet. Add some to "Targets".',
    )


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f} %"


@toolkit.operation(title="History of a target", interactive=True, timeout=60)
def history(
    ctx: Context, target: Target, hours: Annotated[int, Field(ge=1, le=24 * 90)] = 24
) -> views.Section:
    """Show when a target was up, how fast it was, and what was wrong when it was not."""
    samples = ctx.history(f"target:{target.record_id}").read(
        since=time.time() - hours * _HOUR, limit=50_000
    )
    if not samples:
        return views.Section(title=target.name, views=[views.Markdown(text=NEVER_CHECKED)])
    share = availability(samples) or 0.0
    stat = views.Stat(
        value=round(share, 3),
        unit="%",
        label=f"up in {len(samples)} checks",
        state="ok" if share == 100 else "warning" if share > 90 else "critical",
        detail=f"{changes(samples, 0)} changes",
    )
    points = [(sample.at, sample.value["ms"]) for sample in samples]
    step = -(-len(points) // 2000)
    chart = views.TimeSeries(
        title="Median time to connect",
        unit="ms",
        series=[{"label": target.name, "points": points[::step]}],
    )
    return views.Section(
        title=target.name, views=[stat, views.Timeline(events=_events(samples)), chart]
    )


def _events(samples: list[Sample], most: int = 100) -> list[dict[str, Any]]:
    """The spans in which the state stayed the same."""
    spans: list[dict[str, Any]] = []
    for sample in samples:
        state = sample.value["s"]
        if spans and spans[-1]["label"] == state:
            spans[-1]["end"] = sample.moment
            continue
        if spans:
            spans[-1]["end"] = sample.moment
        detail = "; ".join(sample.value["bad"][:3])
        spans.append(
            {"start": sample.moment, "label": state, "state": COLOURS[state], "detail": detail}
        )
    return spans[-most:]


@toolkit.operation(title="Heat map", interactive=True, timeout=60)
def heat_map(
    ctx: Context,
    hours: Annotated[int, Field(ge=2, le=168, description="How far back")] = 24,
    tag: Annotated[str, Field(max_length=100, description="Only targets with this tag")] = "",
) -> views.Section:
    """Show, for each target and hour, the percentage of checks in which it was up."""
    every = ctx.records(Target).list()
    wanted = [one for one in every if not tag or tag in one.tags]
    if not wanted and every:
        raise ToolkitError(f"no target has the tag {tag!r}.", field="tag")
    targets = wanted[:_MOST_ROWS]
    now = time.time()
    first = now - now % _HOUR - (hours - 1) * _HOUR
    values: list[list[float | None]] = []
    for _, target in ctx.progress(targets, label="Reading"):
        samples = ctx.history(f"target:{target.record_id}").read(since=first, limit=50_000)
        buckets: list[list[bool]] = [[] for _ in range(hours)]
        for sample in samples:
            place = min(hours - 1, int((sample.at - first) // _HOUR))
            buckets[place].append(sample.value["s"] == UP)
        values.append([round(100 * sum(one) / len(one), 1) if one else None for one in buckets])
    if not any(value is not None for row in values for value in row):
        said = views.Markdown(text=NEVER_CHECKED if targets else NO_TARGETS)
        return views.Section(title="Heat map", views=[said])
    labels = [dt.datetime.fromtimestamp(first + _HOUR * n, dt.UTC) for n in range(hours)]
    shown: list[views.View] = [
        views.Heatmap(
            title="Percentage of checks up, by hour (UTC)",
            x=[f"{label:%H}" if hours <= 24 else f"{label:%d %H}" for label in labels],
            y=[target.name for target in targets],
            values=values,
            unit="%",
        )
    ]
    if len(wanted) > len(targets):
        left = f"The first {len(targets)} of {len(wanted)} targets; a tag chooses others."
        shown.append(views.Text(text=left))
    return views.Section(title="Heat map", views=shown)
