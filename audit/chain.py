"""Seals events: gives each its number and its hash, in one chain.

Acts insert their events unsealed, in their own transaction, and wait for nobody. One process at
a time, the one that holds the lock on the head, seals what was committed since. docs/audit.md
says why it is done so.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import canonical, chain_sql, keys, signing
from audit.models import ChainHead, Checkpoint, Event, SigningKey
from toolbox.events import emit

log = logging.getLogger(__name__)

BATCH = 2000


@dataclass(frozen=True)
class Status:
    """How the chain stands: its last number, what waits to be sealed and for how long."""

    sequence: int
    sealed_at: Any
    unsealed: int
    oldest_unsealed_seconds: float


def status() -> Status:
    """Return how the chain stands; counts at most 10,000 events that wait."""
    head = ChainHead.objects.filter(pk=1).first()
    waiting = Event.objects.filter(sequence=None).order_by("id")
    oldest = waiting.values_list("time", flat=True).first()
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    return Status(
        head.sequence if head else 0,
        head.sealed_at if head else None,
        waiting[:10_000].count(),
        max(0.0, age),
    )


def seal_pending(batch: int = BATCH) -> int:
    """Seal what is committed; returns how many. None while another process is at it."""
    total = 0
    while Event.objects.filter(sequence=None).exists():
        sealed = _seal_batch(batch)
        total += sealed
        if sealed < batch:
            break
    return total


def _seal_batch(batch: int) -> int:
    # Read and hashed before anything is locked: on SQLite all writers wait for the lock, and
    # what is unsealed cannot change any more.
    rows = chain_sql.read(chain_sql.UNSEALED, (batch,))
    digests = {row[0]: canonical.digest(row) for row in rows}
    with transaction.atomic():
        head = locked_head()
        if head is None:
            return 0
        waiting = Event.objects.filter(sequence=None).order_by("id").values_list("id", flat=True)
        present = set(map(str, waiting[:batch]))
        rows = [row for row in rows if row[0] in present]
        if rows:
            _check_head(head)
            before_key = _note_key(head)
            chain_sql.write_seals(_seals(head, rows, digests, before_key))
            signing.sign_head(head)
            head.save()
            _write_due_checkpoint(head)
        return len(rows)


def locked_head() -> ChainHead | None:
    """Lock the head for the transaction; None while another process has it."""
    head = ChainHead.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if head is None and not ChainHead.objects.filter(pk=1).exists():
        ChainHead.objects.get_or_create(pk=1, defaults={"hash": canonical.GENESIS})
        head = ChainHead.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    return head


def _seals(
    head: ChainHead, rows: Sequence[chain_sql.Row], digests: dict[str, str], before_key: str
) -> list[chain_sql.Seal]:
    own = keys.current()
    seals = []
    for row in rows:
        event, proof = row[0], row[chain_sql.PROOF]
        content = digests[event]
        # The processes that a rotation ended wrote with the key before it.
        earlier = bool(before_key) and proof.startswith(f"{before_key}:")
        if not earlier and not own.proves(content, proof):
            reason = "it has no proof" if not proof else "its proof does not fit it"
            log.critical("audit event %s was not written by this installation: %s", event, reason)
            emit("audit.unproven_event", outcome="failure", event=event, reason=reason)
        head.sequence += 1
        head.hash = canonical.link(head.sequence, head.hash, content, proof)
        seals.append((event, head.sequence, head.hash))
    return seals


def _check_head(head: ChainHead) -> None:
    """Go on from what is there, but never in silence: a head that was changed is an event."""
    sealed = Event.objects.filter(sequence__isnull=False).order_by("-sequence")
    found = sealed.values_list("sequence", "hash").first()
    last = (int(found[0] or 0), found[1]) if found else None
    reason = _wrong_with(head, last)
    if not reason:
        return
    log.critical("the head of the audit chain was changed: %s", reason)
    emit("audit.chain_broken", outcome="failure", reason=reason)
    if last is not None and last[0] >= head.sequence:
        head.sequence, head.hash = last


def _wrong_with(head: ChainHead, last: tuple[int, str] | None) -> str:
    if head.sequence == 0:
        return f"it says that the chain is empty, and event {last[0]} is sealed" if last else ""
    if not signing.signature_is_good(signing.head_statement(head), head.signature):
        return "its signature does not fit it"
    if last is None:
        return f"it says {head.sequence}, and no event is there"
    if last != (head.sequence, head.hash):
        return f"it says {head.sequence}, and the last event is {last[0]}"
    return ""


def _note_key(head: ChainHead) -> str:
    """Keep the public key when it is new; returns the id of the key before it, if there was one."""
    own, before = keys.current(), head.key_id
    if before == own.id:
        return ""
    SigningKey.objects.get_or_create(key_id=own.id, defaults={"public_key": own.public_key})
    if not before:
        return ""
    emit("audit.key_changed", key=own.id, public_key=own.public_key, before=before)
    return before


def _write_due_checkpoint(head: ChainHead) -> None:
    last = Checkpoint.objects.order_by("-id").first()
    since = head.sequence - (last.sequence if last else 0)
    quiet = timedelta(seconds=settings.AUDIT_CHECKPOINT_SECONDS)
    if (
        last is None
        or since >= settings.AUDIT_CHECKPOINT_EVENTS
        or timezone.now() - last.created_at >= quiet
    ):
        signing.write_checkpoint(head.sequence, head.hash)


def write_checkpoint() -> Checkpoint | None:
    """Write a checkpoint of the chain as it stands, unless the newest one says the same."""
    with transaction.atomic():
        head = locked_head()
        if head is None or head.sequence == 0:
            return None
        last = Checkpoint.objects.order_by("-id").first()
        if last and (last.sequence, last.hash) == (head.sequence, head.hash):
            return last
        return signing.write_checkpoint(head.sequence, head.hash)
