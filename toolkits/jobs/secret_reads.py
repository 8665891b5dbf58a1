"""Which secrets an attempt read: by path, version and time, never by value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from toolbox.secrets.runs import Receipt, RunSecrets
from toolkits.models import JobAttempt

#: The row keeps so many; the audit trail keeps all.
_MOST = 200


def surroundings(secrets: RunSecrets) -> dict[str, Any]:
    """What the row of an attempt keeps of what it read."""
    receipts = secrets.receipts
    if not receipts:
        return {}
    return {
        "secrets": {receipt.path: receipt.version for receipt in receipts},
        "secret_reads": [_kept(receipt) for receipt in receipts[:_MOST]],
        "secret_reads_total": len(receipts),
    }


def _kept(receipt: Receipt) -> dict[str, Any]:
    return {
        "path": receipt.path,
        "version": receipt.version,
        "read_at": receipt.at.isoformat(),
        "times": receipt.times,
        "own_token": receipt.scoped,
    }


def of(attempts: Iterable[JobAttempt]) -> list[dict[str, Any]]:
    """What the attempts at a job read, each with the number of its attempt.

    ``own_token`` is whether it was read with a token of the run's own, rather than with the
    platform's.
    """
    return [
        {
            **read,
            "read_at": datetime.fromisoformat(read["read_at"]),
            "attempt": attempt.number,
        }
        for attempt in attempts
        for read in attempt.surroundings.get("secret_reads", ())
    ]
