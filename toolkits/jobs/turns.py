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
SELECT max(
    coalesce((SELECT turn FROM toolkits_job
              WHERE state = 'queued' AND waits_for = '' AND queue = %(queue)s
              ORDER BY turn LIMIT 1), 0),
    coalesce((SELECT turn + 1 FROM toolkits_job
              WHERE state = 'queued' AND queue = %(queue)s AND toolkit_slug = %(toolkit)s
              ORDER BY turn DESC LIMIT 1), 0)
)
"""
#: The same, with a plan that is kept (``functions.py``).
_FUNCTION = "SELECT toolkits_next_turn(%(queue)s, %(toolkit)s)"


def next_turn(queue: str, toolkit_slug: str) -> int:
    """Return the turn of a job that is queued now."""
    sql = _FUNCTION if connection.vendor == "postgresql" else _SQL
    with connection.cursor() as cursor:
        cursor.execute(sql, {"queue": queue, "toolkit": toolkit_slug})
        row: tuple[Any] | None = cursor.fetchone()
    return int(row[0]) if row else 0
