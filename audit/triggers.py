"""Database triggers that make the trail append-only, for whoever has the connection.

An event is inserted unsealed, sealed once, and never changed; it is deleted only after a
retention checkpoint covers it. Checkpoints and keys are never changed nor deleted. Dropping the
triggers takes the owner of the tables; what is done without them, ``audit verify`` finds.
"""

from __future__ import annotations

from typing import Any

from audit.canonical import FIELDS

_EVENT_CONTENT = (*FIELDS, "proof")
_CHANGED = "audit: a sealed event cannot be changed"
_INSERTED = "audit: an event is inserted unsealed, and once"
_DELETED = "audit: an event is deleted only where a retention checkpoint covers it"
_FIXED = "audit: checkpoints and keys cannot be changed or deleted"
_HEAD = "audit: the head of the chain only moves on"
_FIXED_TABLES = ("audit_checkpoint", "audit_signingkey")
_PREFIX = "audit_guard"


def install(connection: Any) -> None:
    """Create the triggers where the tables are there; triggers that are there are replaced."""
    if not {table for _, table in _names()} <= set(connection.introspection.table_names()):
        return
    remove(connection)
    with connection.cursor() as cursor:
        for statement in _postgresql() if connection.vendor == "postgresql" else _sqlite():
            cursor.execute(statement)


def remove(connection: Any) -> None:
    """Drop the triggers."""
    with connection.cursor() as cursor:
        for name, table in _names():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


def missing(connection: Any) -> list[str]:
    """Return the names of triggers that are not in the database, or are switched off."""
    postgresql = connection.vendor == "postgresql"
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
        if postgresql
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = {row[0] for row in cursor.fetchall()}
    wanted = [name for name, _ in _names() if postgresql or not name.endswith("_truncate")]
    return [name for name in wanted if name not in found]


def _names() -> list[tuple[str, str]]:
    acts = {
        "audit_event": ("insert", "update", "delete", "truncate"),
        "audit_chainhead": ("update", "delete", "truncate"),
        **dict.fromkeys(_FIXED_TABLES, ("update", "delete", "truncate")),
    }
    return [
        (f"{_PREFIX}_{table.removeprefix('audit_')}_{act}", table)
        for table, kinds in acts.items()
        for act in kinds
    ]


def _differs(how: str) -> str:
    return " OR ".join(f"OLD.{column} {how} NEW.{column}" for column in _EVENT_CONTENT)


def _sqlite_trigger(table: str, act: str, when: str, message: str) -> str:
    name = f"{_PREFIX}_{table.removeprefix('audit_')}_{act}"
    condition = f" WHEN {when}" if when else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {act.upper()} ON {table} FOR EACH ROW{condition}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


_COVERED = "(SELECT COALESCE(MAX(sequence), 0) FROM audit_checkpoint WHERE kind = 'retention')"
_HEAD_BACK = "NEW.sequence < OLD.sequence OR NEW.id <> OLD.id"


def _sqlite() -> list[str]:
    # JSON is text here, so IS NOT compares it; INSERT OR REPLACE deletes without a trigger,
    # hence the second half of the first condition.
    sealed = f"OLD.sequence IS NOT NULL OR NEW.sequence IS NULL OR {_differs('IS NOT')}"
    twice = "EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id)"
    statements = [
        _sqlite_trigger(
            "audit_event", "insert", f"NEW.sequence IS NOT NULL OR {twice}", _INSERTED
        ),
        _sqlite_trigger("audit_event", "update", sealed, _CHANGED),
        _sqlite_trigger(
            "audit_event", "delete", f"OLD.sequence IS NULL OR OLD.sequence > {_COVERED}", _DELETED
        ),
        _sqlite_trigger("audit_chainhead", "update", _HEAD_BACK, _HEAD),
        _sqlite_trigger("audit_chainhead", "delete", "", _HEAD),
    ]
    for table in _FIXED_TABLES:
        statements += [_sqlite_trigger(table, act, "", _FIXED) for act in ("update", "delete")]
    return statements


def _postgresql_trigger(table: str, act: str, when: str, message: str) -> str:
    name = f"{_PREFIX}_{table.removeprefix('audit_')}_{act}"
    each = "STATEMENT" if act == "truncate" else "ROW"
    condition = f" WHEN ({when})" if when else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {act.upper()} ON {table} FOR EACH {each}{condition}"
        f" EXECUTE FUNCTION audit_guard_refuse('{message}')"
    )


def _postgresql() -> list[str]:
    sealed = (
        "OLD.sequence IS NOT NULL OR NEW.sequence IS NULL OR "
        + _differs("IS DISTINCT FROM")
    )
    statements = [
        """
        CREATE OR REPLACE FUNCTION audit_guard_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
        END $$
        """,
        f"""
        CREATE OR REPLACE FUNCTION audit_guard_delete() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.sequence IS NULL OR OLD.sequence > {_COVERED} THEN
                RAISE EXCEPTION '{_DELETED}' USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN OLD;
        END $$
        """,
        _postgresql_trigger("audit_event", "insert", "NEW.sequence IS NOT NULL", _INSERTED),
        _postgresql_trigger("audit_event", "update", sealed, _CHANGED),
        _postgresql_trigger("audit_event", "truncate", "", _DELETED),
        _postgresql_trigger("audit_event", "delete", "", "").replace("refuse('')", "delete()"),
        _postgresql_trigger("audit_chainhead", "update", _HEAD_BACK, _HEAD),
        _postgresql_trigger("audit_chainhead", "delete", "", _HEAD),
        _postgresql_trigger("audit_chainhead", "truncate", "", _HEAD),
    ]
    for table in _FIXED_TABLES:
        statements += [
            _postgresql_trigger(table, act, "", _FIXED) for act in ("update", "delete", "truncate")
        ]
    return statements
