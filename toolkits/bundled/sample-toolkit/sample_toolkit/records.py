"""Operations on records, state and history: what the platform keeps for a toolkit."""

from __future__ import annotations

import time
from typing import Annotated

from pydantic import Field
from toolkit_sdk import Context, views

from sample_toolkit.app import Service, toolkit

_DAY = 86_400


# A parameter of a record's class is chosen from the collection; the function gets the record.
@toolkit.operation(title="Take a note", effect="change", timeout=30)
def take_note(
    ctx: Context,
    service: Service,
    note: Annotated[str, Field(min_length=1, max_length=200)],
) -> views.KeyValue:
    """Count a note of a service and remember when it was taken."""
    # ``update`` fails with a CallError of kind "conflict" when somebody changed the record since
    # it was read; nothing is overwritten unseen.
    changed = ctx.records(Service).update(service.model_copy(update={"notes": service.notes + 1}))
    # State is a small key-value store for what the toolkit needs to remember.
    ctx.state.set("last_note", {"service": service.name, "note": note})
    # History is for samples over time. Prune it, so that it does not grow for ever.
    series = ctx.history("notes")
    series.append({"service": service.name})
    series.prune(before=time.time() - 90 * _DAY)
    ctx.log.info("note %d of %s", changed.notes, service.name)
    return views.KeyValue(items={"service": service.name, "notes": changed.notes, "note": note})


@toolkit.operation(title="Notes by day", interactive=True, timeout=10)
def notes_by_day(ctx: Context, days: Annotated[int, Field(ge=1, le=90)] = 14) -> views.Bar:
    """Show how many notes were taken on each of the last days."""
    found = ctx.history("notes").read(since=time.time() - days * _DAY)
    counts: dict[str, int] = {}
    for sample in found:
        day = sample.moment.strftime("%d %b")
        counts[day] = counts.get(day, 0) + 1
    # An empty state is no failure: say what there is to do.
    title = "Notes" if found else 'No notes in that time. Run "Take a note" first.'
    return views.Bar(
        title=title, bars=[{"label": day, "value": count} for day, count in counts.items()]
    )
