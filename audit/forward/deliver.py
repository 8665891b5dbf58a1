"""Delivery: each place has a position, which moves on only after the place took what it got.

Nothing is locked while something is sent. Should two schedulers ever send at once, a place gets
lines twice, never not at all.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import canonical, lines
from audit.forward import sinks
from audit.models import Checkpoint, Event, ForwardPosition
from toolbox.events import emit

log = logging.getLogger(__name__)

BATCH = 500
#: So many failures in a row are an event; a single one may be a restart.
_NOTABLE = 3
_LONGEST_PAUSE = timedelta(seconds=300)


@dataclass(frozen=True)
class Place:
    """One configured URL and what is sent there."""

    url: str
    checkpoints: bool

    @property
    def key(self) -> str:
        """Names its position without keeping the URL, which may hold credentials."""
        text = f"{'checkpoints' if self.checkpoints else 'events'} {self.url}"
        return hashlib.sha256(text.encode()).hexdigest()


def places() -> Iterator[Place]:
    """Every place of the settings."""
    for url in settings.AUDIT_FORWARD_TO:
        yield Place(url, checkpoints=False)
    for url in settings.AUDIT_CHECKPOINTS_TO:
        yield Place(url, checkpoints=True)


def forward_due() -> int:
    """Send what is new to every place that is not waiting after a failure; returns how many."""
    return sum(_forward(place) for place in places())


def everywhere_through(head: int) -> int:
    """Up to which number every place of the settings has got the events."""
    keys = [place.key for place in places() if not place.checkpoints]
    reached = dict(
        ForwardPosition.objects.filter(sink__in=keys).values_list("sink", "sequence")
    )
    return min((reached.get(key, 0) for key in keys), default=head)


def behind(head: int) -> dict[str, int]:
    """How many events each place of the settings lacks, by its label; of places with one label
    the most."""
    asked = [place for place in places() if not place.checkpoints]
    rows = ForwardPosition.objects.filter(sink__in=[place.key for place in asked])
    reached = dict(rows.values_list("sink", "sequence"))
    found: dict[str, int] = {}
    for place in asked:
        name = sinks.label(place.url)
        found[name] = max(found.get(name, 0), head - reached.get(place.key, 0))
    return found


def _forward(place: Place) -> int:
    position, _ = ForwardPosition.objects.get_or_create(
        sink=place.key, defaults={"label": sinks.label(place.url)}
    )
    if position.next_try_at and position.next_try_at > timezone.now():
        return 0
    entries, reached = _next(place, position)
    if not entries:
        return 0
    try:
        sinks.parse(place.url).send(entries)
    except (sinks.CannotSend, ValueError) as error:
        _failed(position, str(error))
        return 0
    _sent(position, place, reached)
    return len(entries)


def _next(place: Place, position: ForwardPosition) -> tuple[list[sinks.Entry], int]:
    if place.checkpoints:
        new = Checkpoint.objects.filter(pk__gt=position.checkpoint).order_by("pk")
        found = list(new[:BATCH])
        return list(map(_checkpoint_entry, found)), found[-1].pk if found else 0
    sealed = Event.objects.filter(sequence__gt=position.sequence).order_by("sequence")
    events = list(sealed[:BATCH])
    return list(map(_event_entry, events)), (events[-1].sequence or 0) if events else 0


def _event_entry(event: Event) -> sinks.Entry:
    return sinks.Entry(
        lines.event_line(event),
        event.name,
        event.severity,
        event.sequence or 0,
        canonical.timestamp(event.time),
    )


def _checkpoint_entry(checkpoint: Checkpoint) -> sinks.Entry:
    moment = canonical.timestamp(checkpoint.created_at)
    line = lines.checkpoint_line(checkpoint)
    return sinks.Entry(line, "checkpoint", "notice", checkpoint.sequence, moment)


def _sent(position: ForwardPosition, place: Place, reached: int) -> None:
    moved = {"checkpoint" if place.checkpoints else "sequence": reached}
    with transaction.atomic():
        ForwardPosition.objects.filter(pk=position.pk).update(
            failures=0, error="", next_try_at=None, sent_at=timezone.now(), **moved
        )
        if position.failures >= _NOTABLE:
            emit("audit.forwarding_resumed", sink=position.label)


def _failed(position: ForwardPosition, reason: str) -> None:
    failures = position.failures + 1
    pause = min(_LONGEST_PAUSE, timedelta(seconds=2 ** min(failures, 10)))
    log.warning("audit events cannot be sent to %s: %s", position.label, reason)
    with transaction.atomic():
        ForwardPosition.objects.filter(pk=position.pk).update(
            failures=failures, error=reason[:300], next_try_at=timezone.now() + pause
        )
        if failures == _NOTABLE:
            emit(
                "audit.forwarding_failed", outcome="failure", sink=position.label, reason=reason
            )
