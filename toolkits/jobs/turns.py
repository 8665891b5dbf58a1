"""Fairness between toolkits: each queued job has a turn, and the lowest turn goes first.

A new job's turn follows the last one of its own toolkit, but never lies before the turn that the
queue has reached. A flood of one toolkit thus stands in a row of its own, and the first job of
another one goes to the front (start-time fair queueing with equal weights).
"""

from __future__ import annotations

from typing import Any

from django.db import connection

# Two probes of partial indexes in one round trip; the ORM would make two of them.
_SQL = """
SELECT
    (SELECT turn FROM toolkits_job
     WHERE state = 'queued' AND waits_for = '' AND queue = %s ORDER BY turn LIMIT 1),
    (SELECT turn FROM toolkits_job
     WHERE state = 'queued' AND queue = %s AND toolkit_slug = %s ORDER BY turn DESC LIMIT 1)
"""


def next_turn(queue: str, toolkit_slug: str) -> int:
    """Return the turn of a job that is queued now."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [queue, queue, toolkit_slug])
        row: tuple[Any, Any] | None = cursor.fetchone()
    reached, own_last = row or (None, None)
    return max(0 if reached is None else reached, 0 if own_last is None else own_last + 1)
