"""Reading the trail, which is an event itself: who may, and how it is recorded."""

from __future__ import annotations

import logging
from typing import Any

from django.db import models
from django.db.models import QuerySet

from audit import chain
from audit.filters import Filters
from audit.models import Event, Verification
from toolbox.events import emit

log = logging.getLogger(__name__)

PERMISSION = "audit.view_event"


def may_read(user: Any) -> bool:
    """Whether ``user`` may read the trail."""
    return bool(user.is_active and user.has_perm(PERMISSION))


def note_viewed(user: Any, filters: Filters, via: str, event: Event | None = None) -> None:
    """Record that ``user`` looked at the trail, or at one event of it."""
    emit("audit.viewed", actor=user, target=event, filters=filters.used(), via=via)


def export(user: Any, filters: Filters, format: str) -> QuerySet[Event]:
    """Record an export and return its events: what is there now, sealed as far as can be."""
    emit("audit.exported", actor=user, filters=filters.used(), format=format)
    chain.seal_pending()
    return filters.apply(Event.objects.all())


def timeline(target: models.Model, limit: int = 20) -> list[Event]:
    """Return the newest events about an object; those that its job did count as its own."""
    label, key = target._meta.label_lower, str(target.pk)
    about = Event.objects.filter(target_id=key, target_type=label).order_by("-id")[:limit]
    events = list(about)
    if label == "toolkits.job":
        events += Event.objects.filter(job_id=key).order_by("-id")[:limit]
    elif label == "accounts.user":
        events += Event.objects.filter(actor_id=key).order_by("-id")[:limit]
    unique = {event.pk: event for event in events}
    return sorted(unique.values(), key=lambda event: event.pk, reverse=True)[:limit]


def last_verification() -> Verification | None:
    """Return the newest verification that came to its end."""
    return Verification.objects.filter(finished_at__isnull=False).order_by("-id").first()
