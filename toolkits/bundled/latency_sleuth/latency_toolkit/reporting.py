"""Reports on what was measured: one template, all of them, the card, export and clearing."""

from __future__ import annotations

import csv
import datetime as dt
import time
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from latency_toolkit import figures
from latency_toolkit.app import NO_SAMPLES, Template, toolkit
from latency_toolkit.figures import HOUR, Figures
from latency_toolkit.probing import NAMES, PHASES, Sample, unpacked

_DAY = 86_400
_READ = 50_000
Hours = Annotated[int, Field(ge=1, le=24 * 60, description="How far back")]


def samples_of(ctx: Context, template: Template, hours: float) -> list[Sample]:
    """The samples of the last hours, oldest first."""
    series = ctx.history(f"samples:{template.record_id}")
    found = series.read(since=time.time() - hours * HOUR, limit=_READ)
    return [unpacked(sample.at, sample.value) for sample in found]


@toolkit.operation(title="Report on a template", interactive=True, timeout=60)
def report(ctx: Context, template: Template, hours: Hours = 24) -> views.Section:
    """Show percentiles, SLA attainment, error budget, breach streaks and a heat map by hour."""
    samples = samples_of(ctx, template, hours)
    if not samples:
        return views.Section(title=template.name, views=[views.Markdown(text=NO_SAMPLES)])
    made = figures.of(samples)
    recent = figures.of([one for one in samples if one.at >= time.time() - HOUR])
    ctx.log.info("%s: %d samples, %d breaches", template.name, made.count, made.breaches)
    return views.Section(
        title=template.name,
        views=[
            _attainment(made, template),
            _figures(made, recent, template),
            _chart(samples, template),
            _phases(made),
            _streaks(figures.streaks(samples)),
            heat_map(ctx, template),
        ],
    )


def _attainment(made: Figures, template: Template) -> views.Stat:
    attained = made.attainment or 0.0
    left = made.budget_left(template.objective) or 0.0
    state: views.State = "ok" if left > 25 else "warning" if left > 0 else "critical"
    return views.Stat(
        value=round(attained, 3),
        unit="%",
        label=f"within {template.sla_ms:g} ms, objective {template.objective:g} %",
        state=state,
        detail=f"{left:.0f} % of the error budget is left."
        if left >= 0
        else f"The error budget is overdrawn by {-left:.0f} %.",
    )


def _figures(made: Figures, recent: Figures, template: Template) -> views.KeyValue:
    items: dict[str, Any] = {
        "samples": made.count,
        "breaches": made.breaches,
        "errors": made.errors,
    }
    for name in ("p50", "p95", "p99", "worst"):
        value = getattr(made, name)
        items[name] = "–" if value is None else f"{value:.1f} ms"
    for label, one in (("burn rate, whole time", made), ("burn rate, last hour", recent)):
        rate = one.burn_rate(template.objective)
        items[label] = "–" if rate is None else f"{rate:.2f} times what is allowed"
    return views.KeyValue(items=items)


def _chart(samples: list[Sample], template: Template) -> views.TimeSeries:
    points = [(one.at, one.total if one.status is not None else None) for one in samples]
    points = _thinned(points)
    # At every moment: a line from the first to the last would have gaps at those between.
    line = [(at, template.sla_ms) for at, _ in points]
    return views.TimeSeries(
        title="Time in all",
        unit="ms",
        series=[{"label": template.name, "points": points}, {"label": "SLA", "points": line}],
    )


def _thinned(points: list[Any], most: int = 1500) -> list[Any]:
    """The slowest of each bucket: a chart must not hide what hurt."""
    if len(points) <= most:
        return points
    size = -(-len(points) // most)
    buckets = (points[start : start + size] for start in range(0, len(points), size))
    return [
        max(bucket, key=lambda point: -1 if point[1] is None else point[1]) for bucket in buckets
    ]


def _phases(made: Figures) -> views.Bar:
    bars = [
        {"label": NAMES[name], "value": round(value, 2)}
        for name in PHASES
        if (value := made.phases[name]) is not None
    ]
    return views.Bar(title="Median of each phase", unit="ms", bars=bars)


def _streaks(found: list[figures.Streak]) -> views.View:
    if not found:
        return views.Text(text="No breach in that time.")
    longest = max(found, key=lambda one: one.count)
    events = [
        {
            "start": dt.datetime.fromtimestamp(one.start, dt.UTC),
            "end": None if one.end is None else dt.datetime.fromtimestamp(one.end, dt.UTC),
            "label": f"{one.count} breaches in a row" if one.count > 1 else "1 breach",
            "state": "critical" if one.end is None else "warning",
            "detail": one.error + (" (goes on)" if one.end is None else ""),
        }
        for one in found[-50:]
    ]
    text = f"{len(found)} streaks of breaches; the longest has {longest.count}."
    return views.Section(
        title="Breaches", views=[views.Text(text=text), views.Timeline(events=events)]
    )


def heat_map(ctx: Context, template: Template, days: int = 14) -> views.Heatmap:
    """The 95th percentile of each hour of the last days, in UTC."""
    now = dt.datetime.now(dt.UTC)
    first = (now - dt.timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    values: list[list[float | None]] = [[None] * 24 for _ in range(days)]
    stored = ctx.history(f"hours:{template.record_id}").read(since=first.timestamp())
    hours = {sample.at: sample.value["p95"] for sample in stored}
    current = now.timestamp() - now.timestamp() % HOUR
    made = figures.of([one for one in samples_of(ctx, template, 1) if one.at >= current])
    if made.count:
        hours[current] = made.p95
    for at, value in hours.items():
        moment = dt.datetime.fromtimestamp(at, dt.UTC)
        values[(moment - first).days][moment.hour] = value
    return views.Heatmap(
        title="95th percentile by hour (UTC)",
        x=[f"{hour:02d}" for hour in range(24)],
        y=[f"{first + dt.timedelta(days=day):%a %d %b}" for day in range(days)],
        values=values,
        unit="ms",
    )


@toolkit.operation(title="Overview", interactive=True, timeout=60)
def overview(
    ctx: Context,
    hours: Hours = 24,
    tag: Annotated[str, Field(max_length=100, description="Only templates with this tag")] = "",
) -> views.Table:
    """Compare all templates: percentiles, attainment, error budget, present state."""
    every = ctx.records(Template).list()
    templates = [one for one in every if not tag or tag in one.tags]
    if not templates and every:
        raise ToolkitError(f"no probe template has the tag {tag!r}.", field="tag")
    rows = []
    for _, template in ctx.progress(templates, label="Reading"):
        samples = samples_of(ctx, template, hours)
        made = figures.of(samples)
        left = made.budget_left(template.objective)
        if not samples:
            state = views.state("unknown", "no samples")
        elif samples[-1].breach:
            state = views.state("critical", "breach")
        else:
            state = (
                views.state("ok", "good") if (left or 0) > 0 else views.state("warning", "spent")
            )
        rows.append(
            {
                "name": template.name,
                "state": state,
                "samples": made.count,
                "p50": made.p50,
                "p95": made.p95,
                "p99": made.p99,
                "sla": template.sla_ms,
                "attained": None if made.attainment is None else f"{made.attainment:.3f} %",
                "left": None if left is None else f"{left:.0f} %",
            }
        )
    return views.Table(
        columns=[
            "name",
            views.Column(key="state", type="state"),
            views.Column(key="samples", type="number"),
            views.Column(key="p50", label="p50", type="duration_ms"),
            views.Column(key="p95", label="p95", type="duration_ms"),
            views.Column(key="p99", label="p99", type="duration_ms"),
            views.Column(key="sla", label="SLA", type="duration_ms"),
            views.Column(key="attained", label="Attained", align="end"),
            views.Column(key="left", label="Budget left", align="end"),
        ],
        rows=rows,
        caption=None
        if rows
        else 'There are no probe templates yet. Add some to "Probe templates".',
    )


@toolkit.operation(title="Export samples", timeout=300)
def export_samples(ctx: Context, template: Template, hours: Hours = 24) -> views.Files:
    """Write the samples of a template, with all phases, to a CSV file."""
    samples = samples_of(ctx, template, hours)
    with ctx.artifact("samples.csv", text=True, content_type="text/csv") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["time", "total_ms", *(f"{name}_ms" for name in PHASES), "status", "breach", "error"]
        )
        for done, one in enumerate(samples):
            if done % 1000 == 0:
                ctx.report(done, len(samples), "Writing")
            moment = dt.datetime.fromtimestamp(one.at, dt.UTC).isoformat(timespec="milliseconds")
            phases = [one.phases[name] for name in PHASES]
            writer.writerow([moment, one.total, *phases, one.status, int(one.breach), one.error])
    return views.Files(files=[{"name": "samples.csv", "description": f"{len(samples):,} samples"}])


@toolkit.operation(title="Clear history", effect="destroy", dry_run=True, timeout=120)
def clear_history(
    ctx: Context,
    template: Template,
    older_than_days: Annotated[int, Field(ge=0, le=3650, description="0 clears all of it")] = 0,
) -> views.KeyValue:
    """Drop the samples and hourly figures of a template."""
    before = time.time() - older_than_days * _DAY
    counts: dict[str, Any] = {}
    for label, name in (("samples", "samples"), ("hours", "hours")):
        series = ctx.history(f"{name}:{template.record_id}")
        if ctx.dry_run:
            counts[label] = len(series.read(until=before, limit=_READ))
        else:
            counts[label] = series.prune(before=before)
        ctx.log.info("%s: %d %s", template.name, counts[label], label)
    verb = "would be dropped" if ctx.dry_run else "dropped"
    return views.KeyValue(items={f"{label} {verb}": count for label, count in counts.items()})


_CARD_TEMPLATES = 30


@toolkit.card(title="Latency promises", refresh=60)
def promises(ctx: Context) -> views.Stat:
    """How many templates kept their objective over the last day."""
    templates = [one for one in ctx.records(Template).list() if one.enabled][:_CARD_TEMPLATES]
    if not templates:
        return views.Stat(
            value="–", label="probe templates", state="unknown",
            detail="Add a probe template and schedule the probing.",
        )  # fmt: skip
    kept, broken, breach = 0, [], False
    for template in templates:
        samples = samples_of(ctx, template, 24)
        if not samples:
            broken.append(f"{template.name}: no samples")
            continue
        attained = figures.of(samples).attainment or 0.0
        breach = breach or samples[-1].breach
        if attained >= template.objective:
            kept += 1
        else:
            broken.append(f"{template.name}: {attained:.2f} %")
    state: views.State = "critical" if breach else "warning" if broken else "ok"
    return views.Stat(
        value=f"{kept} of {len(templates)}",
        label="keep their promise",
        state=state,
        detail="; ".join(broken)[:200] or "All objectives of the last day are kept.",
    )
