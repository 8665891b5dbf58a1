"""Cards for the dashboard. They are refreshed in the background; a card should take a second."""

from __future__ import annotations

import time

from toolkit_sdk import Context, views

from sample_toolkit.app import Service, toolkit


@toolkit.card(title="Services by tier", refresh=300)
def tiers(ctx: Context) -> views.KeyValue | views.Markdown:
    """How many services there are of each tier."""
    services = ctx.records(Service).list()
    if not services:
        # An empty state tells what to do next.
        return views.Markdown(text="No services yet. Add some under *Services*.")
    counts = dict.fromkeys(("critical", "standard", "best effort"), 0)
    for service in services:
        counts[service.tier] += 1
    return views.KeyValue(items=counts)


@toolkit.card(title="Notes this week", refresh=60)
def notes_this_week(ctx: Context) -> views.Stat:
    """How many notes were taken in the last seven days, and the trend by day."""
    now = time.time()
    trend = [0.0] * 7
    for sample in ctx.history("notes").read(since=now - 7 * 86_400):
        trend[min(6, int((sample.at - (now - 7 * 86_400)) // 86_400))] += 1
    last = ctx.state.get("last_note")
    detail = f"Last: {last['service']}: {last['note']}" if last else 'Run "Take a note" to begin.'
    return views.Stat(value=int(sum(trend)), label="notes", detail=detail, trend=trend)
