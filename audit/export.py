"""Exports of the trail: CSV and JSON lines, streamed, in bounded memory."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from audit import canonical, lines
from audit.models import Event
from toolbox.spreadsheets import safe

BATCH = 1000
_LINES_A_CHUNK = 100
#: Formats and their content types.
FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}

COLUMNS = (
    "sequence", "time", "name", "severity", "outcome", "actor_type", "actor_id", "actor_label",
    "behalf_type", "behalf_id", "behalf_label", "target_type", "target_id", "target_label",
    "address", "user_agent", "request_id", "job_id", "changes", "details", "id", "proof", "hash",
)  # fmt: skip


class _Echo:
    """Gives back what the CSV writer writes."""

    def write(self, text: str) -> str:
        return text


def stream(events: QuerySet[Event], format: str) -> Iterator[str]:
    """Write ``events``, oldest first, in one of ``FORMATS``."""
    return {"csv": _csv, "jsonl": _json_lines}[format](oldest_first(events))


def chunks(events: QuerySet[Event], format: str) -> Iterator[str]:
    """The same in pieces that are worth a network packet each."""
    parts: list[str] = []
    for text in stream(events, format):
        parts.append(text)
        if len(parts) == _LINES_A_CHUNK:
            yield "".join(parts)
            parts.clear()
    yield "".join(parts)


def oldest_first(events: QuerySet[Event]) -> Iterator[Event]:
    """Go over events by key, a batch at a time: no cursor stays open on the server."""
    ordered, last = events.order_by("id"), None
    while True:
        batch = list((ordered.filter(id__gt=last) if last else ordered)[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        last = batch[-1].pk


def _json_lines(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        yield f"{lines.event_line(event)}\n"


def _csv(events: Iterable[Event]) -> Iterator[str]:
    write: Callable[[Iterable[Any]], Any] = csv.writer(_Echo(), quoting=csv.QUOTE_ALL).writerow
    yield write(COLUMNS)
    for event in events:
        yield write([_cell(event, column) for column in COLUMNS])


def _cell(event: Event, column: str) -> str:
    value = getattr(event, column)
    if column == "time":
        return canonical.timestamp(value)
    if isinstance(value, dict):
        return safe(json.dumps(value, sort_keys=True, ensure_ascii=False)) if value else ""
    return safe("" if value is None else str(value))
