"""What is signed about the chain: its head, and checkpoints."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from audit import canonical, keys
from audit.models import ChainHead, Checkpoint, CheckpointKind, SigningKey

FORMAT = "sre-toolbox-audit/1"


def checkpoint_statement(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint says, as it is signed and sent out."""
    return {
        "format": FORMAT,
        "kind": str(checkpoint.kind),
        "first": checkpoint.first,
        "sequence": checkpoint.sequence,
        "hash": checkpoint.hash,
        "kept": checkpoint.kept,
        "time": canonical.timestamp(checkpoint.created_at),
        "key": checkpoint.key_id,
    }


def head_statement(head: ChainHead) -> dict[str, Any]:
    """What the head of the chain says."""
    return {
        "format": FORMAT,
        "kind": "head",
        "sequence": head.sequence,
        "hash": head.hash,
        "time": canonical.timestamp(head.sealed_at) if head.sealed_at else "",
        "key": head.key_id,
    }


def sign_head(head: ChainHead) -> None:
    """Sign the head as it is now."""
    own = keys.current()
    head.key_id, head.sealed_at = own.id, timezone.now()
    head.signature = own.sign(canonical.text(head_statement(head)))


def write_checkpoint(
    sequence: int,
    hash: str,
    kind: CheckpointKind = CheckpointKind.INTERVAL,
    *,
    first: int = 0,
    kept: list[list[Any]] | None = None,
) -> Checkpoint:
    """Sign and keep that the chain had ``hash`` at ``sequence``."""
    own = keys.current()
    checkpoint = Checkpoint(
        kind=kind, first=first, sequence=sequence, hash=hash, kept=kept or [], key_id=own.id
    )
    checkpoint.signature = own.sign(canonical.text(checkpoint_statement(checkpoint)))
    checkpoint.save(force_insert=True)
    return checkpoint


def public_keys() -> dict[str, str]:
    """Public keys by their id: this installation's own, and those of before a rotation."""
    known = dict(SigningKey.objects.values_list("key_id", "public_key"))
    own = keys.current()
    return {key: public for key, public in known.items() if keys.key_id(public) == key} | {
        own.id: own.public_key
    }


def signature_is_good(
    statement: dict[str, Any], signature: str, known: dict[str, str] | None = None
) -> bool:
    """Whether a key that is known signed ``statement``."""
    public = (public_keys() if known is None else known).get(str(statement["key"]))
    return public is not None and keys.verify(public, canonical.text(statement), signature)
