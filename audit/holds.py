"""Legal holds: what they cover, placing and releasing them."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.models import ChainHead, LegalHold
from toolbox.events import emit

_FIELDS = ("actor", "event", "target_type", "target_id", "since", "until")


def active() -> list[LegalHold]:
    """Return the holds that were not released."""
    return list(LegalHold.objects.filter(released_at=None))


def covers_everything(hold: LegalHold) -> bool:
    """Whether a hold has no condition."""
    return not any(getattr(hold, name) for name in _FIELDS)


def covered(holds: list[LegalHold]) -> Q | None:
    """Return the condition of events that any of ``holds`` covers; None without holds."""
    return reduce(or_, map(_condition, holds)) if holds else None


def _condition(hold: LegalHold) -> Q:
    condition = Q(pk__isnull=False)
    if hold.actor:
        condition &= Q(actor_id=hold.actor) | Q(behalf_id=hold.actor)
    if hold.event.endswith("."):
        condition &= Q(name__startswith=hold.event)
    elif hold.event:
        condition &= Q(name=hold.event)
    for name in ("target_type", "target_id"):
        if value := getattr(hold, name):
            condition &= Q(**{name: value})
    if hold.since:
        condition &= Q(time__gte=hold.since)
    if hold.until:
        condition &= Q(time__lte=hold.until)
    return condition


def place(hold: LegalHold, actor: Any) -> None:
    """Place a hold: from now on nothing that it covers is deleted."""
    with transaction.atomic():
        # Retention holds this lock while it deletes a batch.
        ChainHead.objects.select_for_update().filter(pk=1).first()
        hold.placed_by = actor
        hold.save(force_insert=True)
        emit("audit.hold_placed", actor=actor, target=hold, changes=_given(hold))


def _given(hold: LegalHold) -> dict[str, str]:
    return {name: str(getattr(hold, name)) for name in _FIELDS if getattr(hold, name)}


def describe(hold: LegalHold) -> str:
    """Say in a line what a hold covers; empty when that is everything."""
    return ", ".join(f"{name} {value}" for name, value in _given(hold).items())


def release(hold: LegalHold, actor: Any) -> bool:
    """Release a hold; whether it was there to be released."""
    now = timezone.now()
    with transaction.atomic():
        released = LegalHold.objects.filter(pk=hold.pk, released_at=None)
        if not released.update(released_at=now, released_by=actor):
            return False
        emit("audit.hold_released", actor=actor, target=hold)
    hold.released_at, hold.released_by = now, actor
    return True
