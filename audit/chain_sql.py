"""The two statements of the chain that the ORM has no words for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

Seal = tuple[UUID, int, str]


def write_seals(seals: Sequence[Seal]) -> None:
    """Give events their numbers and hashes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            ids, sequences, hashes = zip(*seals, strict=True)
            cursor.execute(
                "UPDATE audit_event SET sequence = seal.sequence, hash = seal.hash"
                " FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS seal(id, sequence, hash)"
                " WHERE audit_event.id = seal.id",
                [list(ids), list(sequences), list(hashes)],
            )
            return
        cursor.executemany(
            "UPDATE audit_event SET sequence = %s, hash = %s WHERE id = %s",
            [(sequence, value, event.hex) for event, sequence, value in seals],
        )
