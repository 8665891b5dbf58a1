"""The audit trail in tests: made empty between tests, and tampered with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

from audit import triggers


@contextmanager
def unguarded() -> Iterator[None]:
    """Take away the triggers that make the trail append-only, as the tables' owner can."""
    triggers.remove(connection)
    try:
        yield
    finally:
        triggers.install(connection)


def let_flush_through() -> None:
    """Have the flush between transactional tests get past the triggers."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def past_triggers(self: Any, sql_list: list[str]) -> Any:
        triggers.remove(self.connection)
        try:
            return flush(self, sql_list)
        finally:
            triggers.install(self.connection)

    BaseDatabaseOperations.execute_sql_flush = past_triggers  # type: ignore[method-assign]


def tamper(sql: str, params: list[Any] | None = None) -> int:
    """Run a statement behind the triggers' back; returns how many rows it touched."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(sql, params or [])
        return cursor.rowcount
