"""Records what is done to Vault itself, where there is an audit trail already.

Vault may be set up, and has to be unsealed, before there is a database. Then it is said that the
act is not on record, rather than left undone: the platform could never start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from toolbox import events

#: Who sits at the command line, as far as the system knows.
_OPERATOR = events.Actor(events.ActorKind.SYSTEM, label="manage.py bootstrap_vault")


class Recording:
    """Keeps acts on Vault on record. ``say`` is told, once, when that is not possible."""

    def __init__(self, say: Callable[[str], Any]) -> None:
        self._say = say
        self._said = False

    @contextmanager
    def act(self, name: str, *, failures: bool = True, **details: Any) -> Iterator[None]:
        """Do the act of the block, and record it in one: an act whose event cannot be written is
        not done, and one that fails is on record as a failure unless ``failures`` is false."""
        why_not = _why_no_trail()
        if why_not:
            self._tell(why_not)
            yield
            return
        try:
            with transaction.atomic():
                events.emit(name, actor=_OPERATOR, address=settings.VAULT.addr, **details)
                yield
        except DatabaseError:
            raise
        except Exception:
            if failures:
                events.emit(
                    name,
                    actor=_OPERATOR,
                    outcome="failure",
                    address=settings.VAULT.addr,
                    **details,
                )
            raise
        finally:
            if not connection.in_atomic_block:
                # Whoever watches for a sealed Vault does so for months.
                connection.close()

    def _tell(self, why_not: str) -> None:
        if not self._said:
            self._say(f"The audit trail does not have what is done here: {why_not}.")
        self._said = True


def _why_no_trail() -> str:
    """Why nothing can be recorded; empty where it can."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite" and not Path(name).exists():
        # Asking would make the file.
        return "there is no database yet"
    try:
        executor = MigrationExecutor(connection)
        tables = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "audit"]
        waiting = executor.migration_plan(tables)
    except DatabaseError:
        return "the database does not answer"
    return "the database is not migrated" if waiting else ""
