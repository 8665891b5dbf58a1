"""Retention: old events are deleted in batches, and a signed checkpoint says which.

A batch is deleted in the transaction that writes its checkpoint, only after it was verified, and
never what a legal hold covers or what is still to be forwarded.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import canonical, chain, chain_sql, forward, holds, keys, signing
from audit.models import Checkpoint, CheckpointKind, Event, LegalHold, RetentionRule
from toolbox.events import emit
from toolbox.problems import Problem

log = logging.getLogger(__name__)

BATCH = 5000
_TIME = canonical.FIELDS.index("time")


class NotWhole(Problem):
    """What would be deleted is not what was sealed: it is evidence, and stays."""

    title = "The audit trail is not whole"


@dataclass
class Pruned:
    """What a run of retention did."""

    deleted: int = 0
    kept: int = 0
    through: int = 0


def days() -> int:
    """How many days events are kept: the admin's rule, else the setting."""
    rule = RetentionRule.objects.filter(pk=1).first()
    return rule.days if rule else settings.AUDIT_LOG_RETENTION_DAYS


def set_days(count: int, actor: Any) -> RetentionRule:
    """Set how many days events are kept."""
    with transaction.atomic():
        before = days()
        rule, _ = RetentionRule.objects.update_or_create(pk=1, defaults={"days": count})
        changes = {"days": [before, count]}
        emit("retention.changed", actor=actor, target=rule, changes=changes, of="audit events")
    return rule


def prune_due() -> int:
    """Delete what is past its retention: the scheduler's task."""
    try:
        return prune().deleted
    except NotWhole as problem:
        log.critical("retention of the audit trail stopped: %s", problem)
        return 0


def prune(
    *, before: datetime | None = None, actor: Any = None, batch: int = BATCH, force: bool = False
) -> Pruned:
    """Delete events older than ``before`` (by default the retention), batch by batch.

    Raises ``NotWhole`` where a batch does not verify; ``force`` deletes it all the same.
    """
    cutoff = before or timezone.now() - timedelta(days=days())
    done = Pruned()
    while _prune_batch(cutoff, done, actor=actor, batch=batch, force=force):
        continue
    _delete_released(done, actor)
    return done


def _prune_batch(
    cutoff: datetime, done: Pruned, *, actor: Any, batch: int, force: bool
) -> bool:
    with transaction.atomic():
        head = chain.locked_head()
        present = holds.active()
        if head is None or any(map(holds.covers_everything, present)):
            return False
        start, before = _end()
        # The last event stays, so that the head has something to stand on.
        limit = min(head.sequence - 1, forward.everywhere_through(head.sequence))
        old = chain_sql.read(chain_sql.SEALED, (start, limit, batch))
        last_moment = canonical.timestamp(cutoff)
        rows = list(takewhile(lambda row: row[_TIME] < last_moment, old))
        if not rows:
            return False
        if not force:
            _check(rows, start, before)
        _delete(rows, start + 1, present, cutoff, done, actor)
        return len(rows) == batch


def _check(rows: Iterable[Any], sequence: int, before: str) -> None:
    own = keys.current()
    for row in rows:
        content, proof, number, sealed = canonical.digest(row), row[-3], row[-2], row[-1]
        sequence += 1
        ours = proof.startswith(own.id)
        good = number == sequence and sealed == canonical.link(number, before, content, proof)
        if not good or (ours and not own.proves(content, proof)):
            raise NotWhole(
                f"Event {sequence} is not as it was sealed, so it is not deleted. Find out why "
                "with “manage.py audit verify”; “manage.py audit prune --force” deletes it."
            )
        before = sealed


def _delete(
    rows: list[Any],
    first: int,
    present: list[LegalHold],
    cutoff: datetime,
    done: Pruned,
    actor: Any,
) -> None:
    through, value = rows[-1][-2], rows[-1][-1]
    batch = Event.objects.filter(sequence__gte=first, sequence__lte=through)
    condition = holds.covered(present)
    covered = batch.filter(condition) if condition else batch.none()
    held = set(map(str, covered.values_list("pk", flat=True)))
    kept = [[row[-2], canonical.digest(row)] for row in rows if row[0] in held]
    signing.write_checkpoint(through, value, CheckpointKind.RETENTION, first=first, kept=kept)
    deleted, _ = batch.exclude(pk__in=held).delete() if held else batch.delete()
    done.deleted, done.kept, done.through = done.deleted + deleted, done.kept + len(kept), through
    emit(
        "audit.pruned",
        actor=actor,
        first=first,
        through=through,
        deleted=deleted,
        kept=len(kept),
        before=cutoff,
    )


def _end() -> tuple[int, str]:
    ends = Checkpoint.objects.filter(kind=CheckpointKind.RETENTION).order_by("-sequence", "-id")
    return ends.values_list("sequence", "hash").first() or (0, canonical.GENESIS)


def _delete_released(done: Pruned, actor: Any) -> None:
    """Delete what only a hold had kept and no hold covers any more."""
    newest: dict[int, Checkpoint] = {}
    for checkpoint in Checkpoint.objects.filter(kind=CheckpointKind.RETENTION).order_by("id"):
        newest[checkpoint.first] = checkpoint
    condition = holds.covered(holds.active())
    for checkpoint in newest.values():
        if checkpoint.kept:
            with transaction.atomic():
                if chain.locked_head() is not None:
                    _shrink(checkpoint, condition, done, actor)


def _shrink(checkpoint: Checkpoint, condition: Any, done: Pruned, actor: Any) -> None:
    numbers = [number for number, _ in checkpoint.kept]
    events = Event.objects.filter(sequence__in=numbers)
    held = set(events.filter(condition).values_list("sequence", flat=True)) if condition else set()
    if len(held) == len(numbers):
        return
    kept = [entry for entry in checkpoint.kept if entry[0] in held]
    first, through = checkpoint.first, checkpoint.sequence
    signing.write_checkpoint(
        through, checkpoint.hash, CheckpointKind.RETENTION, first=first, kept=kept
    )
    deleted, _ = events.exclude(sequence__in=held).delete()
    done.deleted += deleted
    emit(
        "audit.pruned", actor=actor, first=first, through=through, deleted=deleted, kept=len(kept)
    )
