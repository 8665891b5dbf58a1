"""Events and checkpoints as JSON lines: what exports, forwarding and evidence packs hold."""

from __future__ import annotations

from typing import Any

from audit import canonical, signing
from audit.models import Checkpoint, Event


def event_data(event: Event) -> dict[str, Any]:
    """Return an event as plain data: its body, and its place in the chain."""
    data = {name: getattr(event, name) for name in canonical.FIELDS}
    data["id"], data["time"] = str(event.pk), canonical.timestamp(event.time)
    return data | {"proof": event.proof, "sequence": event.sequence, "hash": event.hash}


def event_line(event: Event) -> str:
    """Return an event as one line of JSON, in ASCII."""
    return canonical.text(event_data(event))


def checkpoint_data(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint's statement with its signature."""
    return {**signing.checkpoint_statement(checkpoint), "signature": checkpoint.signature}


def checkpoint_line(checkpoint: Checkpoint) -> str:
    """Return a checkpoint as one line of JSON, in ASCII."""
    return canonical.text(checkpoint_data(checkpoint))
