"""History of requests, and the card."""

from __future__ import annotations

import time
from typing import Annotated

from pydantic import Field
from toolkit_sdk import Context, views

from api_toolkit.app import SavedRequest, toolkit

_DAY = 86_400


@toolkit.operation(title="History of a request", interactive=True, timeout=30)
def history(
    ctx: Context, request: SavedRequest, days: Annotated[int, Field(ge=1, le=3650)] = 7
) -> views.Section:
    """Show how long a saved request took, what came back, and which assertions failed."""
    samples = ctx.history(f"request:{request.record_id}").read(since=time.time() - days * _DAY)
    if not samples:
        said = "It was not sent in that time. [Send it](/toolkits/api_checker/run/send_saved/)."
        return views.Section(title=request.name, views=[views.Markdown(text=said)])
    good = sum(sample.value["ok"] for sample in samples)
    share = 100 * good / len(samples)
    rows = [
        {
            "when": sample.at,
            "state": views.state("ok", "good")
            if sample.value["ok"]
            else views.state("critical", "bad"),
            "status": sample.value["status"],
            "took": sample.value["ms"],
            "failed": "; ".join(sample.value["failed"]),
        }
        for sample in reversed(samples[-200:])
    ]
    points = [(sample.at, sample.value["ms"]) for sample in samples]
    return views.Section(
        title=request.name,
        views=[
            views.Stat(
                value=round(share, 2), unit="%", label=f"of {len(samples)} good",
                state="ok" if good == len(samples) else "warning",
            ),
            views.TimeSeries(
                title="Time in all",
                unit="ms",
                series=[{"label": request.name, "points": points}],
            ),
            views.Table(
                title="Latest",
                columns=[
                    views.Column(key="when", type="datetime"),
                    views.Column(key="state", type="state"),
                    views.Column(key="status", type="number"),
                    views.Column(key="took", type="duration_ms"),
                    "failed",
                ],
                rows=rows,
            ),
        ],
    )  # fmt: skip


@toolkit.card(title="API collections", refresh=60)
def collections(ctx: Context) -> views.Stat:
    """Whether the last run of every collection passed."""
    runs = {key[4:]: run for key, run in ctx.state.all().items() if key.startswith("run:")}
    if not runs:
        return views.Stat(
            value="–", label="collections", state="unknown",
            detail="Save requests in a collection and run it.",
        )  # fmt: skip
    bad = {name: run["failed"] for name, run in runs.items() if run["failed"]}
    name, failed = next(iter(bad.items()), ("", []))
    detail = f"{name or 'requests'}: {', '.join(failed)[:150]}" if bad else "All requests passed."
    return views.Stat(
        value=f"{len(runs) - len(bad)} of {len(runs)}",
        label="collections pass",
        state="critical" if bad else "ok",
        detail=detail,
    )
