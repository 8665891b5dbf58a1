"""What an operation can return: every view, files, and the result of another operation."""

from __future__ import annotations

import csv
import datetime as dt
import math
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, views

from sample_toolkit.app import Service, toolkit


@toolkit.operation(title="Gallery of views", interactive=True, timeout=10)
def gallery(ctx: Context) -> views.Section:
    """Return one of each view, with data that is plainly made up."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return views.Section(title="Every view", views=[*_figures(now), *_texts(), *_charts(now)])


def _figures(now: dt.datetime) -> list[views.View]:
    return [
        views.Stat(
            value=99.95, unit="%", label="availability", state="ok",
            detail="of the last 30 days", trend=[99.9, 99.99, 99.97, 99.95],
        ),
        views.KeyValue(
            items=[
                {"label": "region", "value": "eu-west"},
                {"label": "replicas", "value": 3, "state": "ok"},
                {"label": "backup", "value": "two days old", "state": "warning"},
            ]
        ),
        views.Table(
            title="A table with every type of column",
            columns=[
                "text",
                views.Column(key="number", type="number"),
                views.Column(key="took", label="Took", type="duration_ms"),
                views.Column(key="size", type="bytes"),
                views.Column(key="when", type="datetime"),
                views.Column(key="state", type="state"),
                views.Column(key="link", type="link"),
                views.Column(key="code", type="code"),
                views.Column(key="bool", label="Yes or no", type="bool"),
            ],
            rows=[
                {
                    "text": name, "number": 1234 * index, "took": 12.5 * index, "size": 4096**index,
                    "when": now - dt.timedelta(hours=index), "state": views.state(state),
                    "link": {"href": "https://example.com", "text": "example.com"},
                    "code": f"host-{index}", "bool": index % 2 == 0,
                }
                for index, (name, state) in enumerate(
                    [("first", "ok"), ("second", "warning"), ("third", "critical")], 1
                )
            ],
            caption="Made up",
        ),
    ]  # fmt: skip


def _texts() -> list[views.View]:
    return [
        views.Markdown(text="**Markdown** with a [link](https://example.com) and `code`."),
        views.Text(text="Plain text,\nas it is."),
        views.Code(code='{"fixed": "width"}', language="json"),
        views.Diff(
            before="timeout: 5\nretries: 2\n", after="timeout: 10\nretries: 2\n",
            before_label="config, yesterday", after_label="config, today",
        ),
    ]  # fmt: skip


def _charts(now: dt.datetime) -> list[views.View]:
    start = now.timestamp() - 3600
    wave = [(start + 60 * n, round(50 + 30 * math.sin(n / 6), 2)) for n in range(60)]
    gap = [(at, None if 20 < n < 30 else value / 2) for n, (at, value) in enumerate(wave)]
    return [
        views.TimeSeries(
            title="Lines over time; None makes a gap",
            unit="ms",
            series=[{"label": "a", "points": wave}, {"label": "b", "points": gap}],
        ),
        views.Bar(
            title="Bars",
            bars=[
                {"label": "one", "value": 3, "state": "ok"},
                {"label": "two", "value": 7, "state": "critical"},
            ],
        ),
        views.Heatmap(
            title="Heat map",
            x=[f"{hour:02d}" for hour in range(0, 24, 4)],
            y=["Mon", "Tue", "Wed"],
            values=[[1, 2, 3, 4, 5, 6], [2, None, 6, 8, 10, 12], [0, 0, 1, 0, 0, 9]],
        ),
        views.Timeline(
            events=[
                {"start": now - dt.timedelta(hours=2), "end": now - dt.timedelta(hours=1),
                 "label": "Maintenance", "state": "info", "detail": "from start to end"},
                {"start": now - dt.timedelta(minutes=20), "label": "Alert", "state": "critical"},
            ]
        ),
    ]  # fmt: skip


@toolkit.operation(title="Export services", timeout=60)
def export_services(ctx: Context) -> views.Files:
    """Write the services to a CSV file that the job keeps for download."""
    fields = ["name", "owner", "tier", "tags", "notes"]
    services = ctx.records(Service).list()
    # What is written to an artifact is kept when the block ends without an error.
    with ctx.artifact("services.csv", text=True, content_type="text/csv") as stream:
        writer = csv.DictWriter(stream, fields)
        writer.writeheader()
        for _, service in ctx.progress(services, label="Writing"):
            row = service.model_dump(include=set(fields))
            writer.writerow({**row, "tags": " ".join(service.tags)})
    return views.Files(files=[{"name": "services.csv", "description": f"{len(services)} services"}])


# What is not a view is shown as JSON. ``ctx.child`` runs another operation of this toolkit as
# a job of its own and returns its result.
@toolkit.operation(title="Run another operation", timeout=120)
def compose(
    ctx: Context, names: Annotated[list[str], Field(min_length=1, max_length=10)] = ["Ada", "Bob"]
) -> list[dict[str, Any]]:
    """Greet several people, each in a job of its own."""
    return [ctx.child("hello", name=name) for _, name in ctx.progress(names, label="Greeting")]
