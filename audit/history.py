"""What the trail says of one object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audit.catalogue import CATALOGUE
from audit.models import Event
from toolbox.events import HistoryEntry


def history(target: Any, limit: int) -> Sequence[HistoryEntry]:
    """The newest ``limit`` events about a model's row, without addresses of the actors."""
    found = Event.objects.filter(
        target_type=target._meta.label_lower, target_id=str(target.pk)
    ).order_by("-id")
    return [_entry(event) for event in found[:limit]]


def _entry(event: Event) -> HistoryEntry:
    kind = CATALOGUE.get(event.name)
    return HistoryEntry(
        time=event.time,
        name=event.name,
        meaning=kind.meaning if kind else "",
        severity=event.severity,
        outcome=event.outcome,
        actor=event.actor_label or event.actor_type,
        changes=event.changes,
    )
