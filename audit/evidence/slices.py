"""Cuts the chain between checkpoints, around chosen events.

A part begins after one checkpoint and ends at the next. Chosen events are in it whole; the others
as digest and proof alone, which keep the chain and tell nothing. The signed checkpoint at its end
proves every one of its events.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit import canonical, chain, chain_sql, lines
from audit.models import Checkpoint, CheckpointKind, Event


@dataclass
class Part:
    """What stands between two checkpoints: where it begins, its lines, and its signed end."""

    sequence: int
    hash: str
    end: dict[str, Any]
    events: list[dict[str, Any]] = field(default_factory=list)

    def head(self) -> dict[str, Any]:
        """The line before the events: what the chain was there, and how many events follow."""
        return {"after": self.sequence, "hash": self.hash, "events": len(self.events)}


def script() -> str:
    """Return the script that verifies a pack with Python's standard library alone."""
    return (Path(__file__).parent / "verify_pack.py").read_text(encoding="utf-8")


def settle() -> None:
    """Seal what waits, and sign the chain as it stands, so that every event can be proven."""
    chain.seal_pending()
    chain.write_checkpoint()


def parts(chosen: Set[int]) -> Iterator[Part]:
    """Return the parts that hold the events with these numbers, in order."""
    pruned = _retention_end()
    yield from _kept(chosen, pruned)
    left = sorted(number for number in chosen if number > pruned.sequence)
    while left:
        end = Checkpoint.objects.filter(sequence__gte=left[0]).order_by("sequence", "-id").first()
        if end is None:
            return
        start = _before(left[0], pruned)
        part = Part(start[0], start[1], lines.checkpoint_data(end))
        part.events = list(_between(start[0], end.sequence, chosen))
        yield part
        left = [number for number in left if number > end.sequence]


def _retention_end() -> Checkpoint:
    found = Checkpoint.objects.filter(kind=CheckpointKind.RETENTION)
    none = Checkpoint(sequence=0, hash=canonical.GENESIS)
    return found.order_by("-sequence", "-id").first() or none


def _before(number: int, pruned: Checkpoint) -> tuple[int, str]:
    earlier = Checkpoint.objects.filter(sequence__lt=number, sequence__gte=pruned.sequence)
    last = earlier.order_by("-sequence").values_list("sequence", "hash").first()
    return last or (pruned.sequence, pruned.hash)


def _between(after: int, through: int, chosen: Set[int]) -> Iterator[dict[str, Any]]:
    while after < through:
        rows = chain_sql.read(chain_sql.SEALED, (after, through, 2000))
        if not rows:
            return
        for row in rows:
            yield _whole(row) if row[chain_sql.SEQUENCE] in chosen else _hidden(row)
        after = rows[-1][chain_sql.SEQUENCE]


def _whole(row: chain_sql.Row) -> dict[str, Any]:
    content = dict(zip(canonical.FIELDS, row, strict=False))
    return content | {name: row[len(content) + place] for place, name in enumerate(chain_sql.PLACE)}


def _hidden(row: chain_sql.Row) -> dict[str, Any]:
    return {
        "sequence": row[chain_sql.SEQUENCE],
        "digest": canonical.digest(row),
        "proof": row[chain_sql.PROOF],
    }


def _kept(chosen: Set[int], pruned: Checkpoint) -> Iterator[Part]:
    """Events that a legal hold kept of what retention deleted: their checkpoint has the digest."""
    numbers = [number for number in chosen if number <= pruned.sequence]
    events = {event.sequence or 0: event for event in Event.objects.filter(sequence__in=numbers)}
    newest: dict[int, Checkpoint] = {}
    retention = Checkpoint.objects.filter(kind=CheckpointKind.RETENTION).order_by("id")
    for checkpoint in retention if events else ():
        newest[checkpoint.first] = checkpoint
    for checkpoint in newest.values():
        held = [events[number] for number, _ in checkpoint.kept if number in events]
        if held:
            end = lines.checkpoint_data(checkpoint)
            yield Part(0, "", end, [lines.event_data(event) for event in held])
