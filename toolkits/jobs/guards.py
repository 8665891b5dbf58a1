"""The state machine as the database keeps it: triggers that refuse what the table forbids.

Whatever program writes to the job table, a final state stays, an attempt never counts down,
and a state follows another only where ``TRANSITIONS`` says so. Made anew after each migration,
because SQLite loses a table's triggers when it rebuilds the table.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from toolkits.jobs.states import TRANSITIONS

_TABLE = "toolkits_job"
_NAME = "toolkits_job_state_guard"


def _forbidden() -> str:
    """SQL that is true for a change of state that the table does not have."""
    cases = [
        f"(OLD.state = '{state.value}' AND NEW.state IN ({_quoted(sorted(targets))}))"
        for state, targets in TRANSITIONS.items()
        if targets
    ]
    return f"OLD.state <> NEW.state AND NOT ({' OR '.join(cases)})"


def _quoted(states: list[Any]) -> str:
    return ", ".join(f"'{state}'" for state in states)


def statements(vendor: str) -> list[str]:
    """The SQL that makes the guards, safe to run again."""
    if vendor == "postgresql":
        return [
            f"""CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF {_forbidden()} THEN
                    RAISE EXCEPTION 'job % may not go from % to %', OLD.id, OLD.state, NEW.state
                        USING ERRCODE = 'check_violation';
                END IF;
                IF NEW.attempt < OLD.attempt THEN
                    RAISE EXCEPTION 'the attempt of job % may not go back', OLD.id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END $$""",
            f"DROP TRIGGER IF EXISTS {_NAME} ON {_TABLE}",
            f"""CREATE TRIGGER {_NAME} BEFORE UPDATE OF state, attempt ON {_TABLE}
            FOR EACH ROW EXECUTE FUNCTION {_NAME}()""",
        ]
    if vendor == "sqlite":
        return [
            f"DROP TRIGGER IF EXISTS {_NAME}",
            f"""CREATE TRIGGER {_NAME} BEFORE UPDATE OF state, attempt ON {_TABLE}
            WHEN ({_forbidden()}) OR NEW.attempt < OLD.attempt
            BEGIN
                SELECT RAISE(ABORT, 'this change of the state of a job is not allowed');
            END""",
        ]
    return []


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the guards where the job table is there."""
    if _TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in statements(connection.vendor):
            cursor.execute(statement)
