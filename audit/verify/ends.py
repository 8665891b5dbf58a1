"""Checks what holds the chain at its ends: head, checkpoints, what retention left, triggers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max

from audit import canonical, signing, triggers
from audit.models import ChainHead, Checkpoint, CheckpointKind, Event
from audit.verify.findings import Finding, Kind, span

_COLUMNS = (*canonical.FIELDS, "sequence")


@dataclass(frozen=True)
class Tail:
    """Where a walk ended, and where the head was when it began."""

    position: int
    hash: str
    target: int
    target_hash: str


def check(tail: Tail, outside: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    """Find what is wrong at the ends."""
    known = signing.public_keys()
    yield from _head(tail, known)
    yield from _checkpoints(tail, known)
    yield from _outside(tail, outside, known)
    yield from _kept()
    yield from _reported()
    for name in triggers.missing(connection):
        text = f"the database trigger {name} is missing: rows could be changed without a trace"
        yield Finding(Kind.GUARD, 0, text)


def _head(tail: Tail, known: dict[str, str]) -> Iterator[Finding]:
    # The newest event is read before the head: sealing moves both at once.
    newest = Event.objects.aggregate(newest=Max("sequence"))["newest"] or 0
    head = ChainHead.objects.filter(pk=1).first()
    if head is None or head.sequence == 0:
        if newest:
            yield Finding(Kind.HEAD, newest, f"the chain has no head, and event {newest} is sealed")
        return
    if not signing.signature_is_good(signing.head_statement(head), head.signature, known):
        yield Finding(Kind.HEAD, head.sequence, "the signature of the head does not fit it")
    if newest > head.sequence:
        text = f"{span(head.sequence + 1, newest)} beyond the head: the head was set back, or they"
        yield Finding(Kind.INSERTED, head.sequence + 1, f"{text} were not sealed by the platform")
    if tail.position == tail.target and tail.hash != tail.target_hash:
        yield Finding(Kind.HEAD, tail.target, f"the head does not fit event {tail.target}")


def _checkpoints(tail: Tail, known: dict[str, str]) -> Iterator[Finding]:
    furthest = tail.target
    for checkpoint in Checkpoint.objects.order_by("id"):
        statement = signing.checkpoint_statement(checkpoint)
        if not signing.signature_is_good(statement, checkpoint.signature, known):
            text = f"the signature of checkpoint {checkpoint.pk} does not fit it"
            yield Finding(Kind.CHECKPOINT, checkpoint.sequence, text)
            continue
        furthest = max(furthest, checkpoint.sequence)
    newest = Event.objects.aggregate(newest=Max("sequence"))["newest"] or 0
    newest = max(newest, tail.position)
    if newest > tail.target > tail.position:
        first = tail.position + 1
        yield Finding(Kind.REMOVED, first, f"{span(first, tail.target)} missing")
    if furthest > newest:
        first = newest + 1
        text = f"{span(first, furthest)} missing at the end, after a checkpoint or the head"
        yield Finding(Kind.TRUNCATED, first, text)


def _outside(
    tail: Tail, outside: Sequence[dict[str, Any]], known: dict[str, str]
) -> Iterator[Finding]:
    """Compare with checkpoints that were sent out: the whole database may have been set back."""
    wanted: dict[int, str] = {}
    for entry in outside:
        statement, sequence = dict(entry), int(entry.get("sequence", 0))
        signature = str(statement.pop("signature", ""))
        if not signing.signature_is_good(statement, signature, known):
            text = f"the outside checkpoint of event {sequence} is not signed by a known key"
            yield Finding(Kind.CHECKPOINT, sequence, text)
            continue
        wanted[sequence] = str(statement["hash"])
    there = dict(Event.objects.filter(sequence__in=wanted).values_list("sequence", "hash"))
    there |= dict(Checkpoint.objects.filter(sequence__in=wanted).values_list("sequence", "hash"))
    for sequence, value in sorted(wanted.items()):
        if sequence not in there:
            text = f"event {sequence} is missing, and a checkpoint outside says that it was there"
            yield Finding(Kind.TRUNCATED, sequence, text)
        elif there[sequence] != value:
            text = f"event {sequence} or one before it is not what a checkpoint outside signed"
            yield Finding(Kind.REWRITTEN, sequence, text)


def _kept() -> Iterator[Finding]:
    """What legal holds kept of what retention deleted must be there, as it was, and no more."""
    expected: dict[int, str] = {}
    end = 0
    for checkpoint in Checkpoint.objects.filter(kind=CheckpointKind.RETENTION).order_by("id"):
        within = range(checkpoint.first, checkpoint.sequence + 1)
        expected = {number: value for number, value in expected.items() if number not in within}
        expected |= {int(number): str(value) for number, value in checkpoint.kept}
        end = max(end, checkpoint.sequence)
    kept = Event.objects.filter(sequence__lte=end).order_by("sequence")
    for row in kept.values_list(*_COLUMNS).iterator(2000):
        event, sequence = str(row[0]), row[-1]
        wanted = expected.pop(sequence, None)
        if wanted is None:
            text = f"event {sequence} ({event}) stands where retention had deleted all"
            yield Finding(Kind.INSERTED, sequence, text, event)
        elif canonical.digest(row) != wanted:
            text = f"event {sequence} ({event}), which a legal hold keeps, was changed"
            yield Finding(Kind.CHANGED, sequence, text, event)
    for sequence in expected:
        text = f"event {sequence}, which a legal hold keeps, is missing"
        yield Finding(Kind.REMOVED, sequence, text)


def _reported() -> Iterator[Finding]:
    """What the sealer met and wrote down."""
    names = ("audit.chain_broken", "audit.unproven_event")
    found = Event.objects.filter(name__in=names).order_by("id")
    for event in found.only("id", "sequence", "name", "details")[:50]:
        what = event.details.get("event", "")
        text = f"{event.name} was recorded at {event.sequence or 'the end'}: "
        text += f"{event.details.get('reason', '')} {what}".rstrip()
        yield Finding(Kind.REPORTED, event.sequence or 0, text, str(what))
