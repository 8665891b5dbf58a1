"""Large numbers of rows, made by the database itself: PostgreSQL's ``generate_series``.

Each function takes one valid row as its pattern, so that new columns need no change here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from audit import triggers
from audit.models import Event
from tests.support import trail
from tests.support.factories import make_job
from toolkits.jobs import logs
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobLog, Toolkit

USERS, TOOLKITS, OPERATIONS = 200, 40, 5
LINES_A_CHUNK = 10


def jobs(count: int, toolkit: Toolkit, people: list[User]) -> None:
    """Add ``count`` ended jobs of the last year: of many people, toolkits and operations."""
    pattern = make_job(toolkit, people[0], state=JobState.SUCCEEDED)
    began = timezone.now() - timedelta(days=365)
    moment = f"'{began.isoformat()}'::timestamptz + n * interval '{365 * 86400 / count} seconds'"
    owners = ", ".join(f"'{user.pk}'" for user in people)
    _repeat(
        pattern,
        count,
        id=_uuid7(began.timestamp() * 1000, 365 * 86400 * 1000 / count),
        created_at=moment,
        started_at=f"{moment} + interval '1 second'",
        finished_at=f"{moment} + interval '3 seconds'",
        toolkit_slug=f"'kit' || mod(n, {TOOLKITS})",
        operation=f"'op' || mod(n, {OPERATIONS})",
        state="CASE WHEN mod(n, 40) = 0 THEN 'failed' ELSE 'succeeded' END",
        requested_by_id=f"(ARRAY[{owners}]::uuid[])[1 + mod(n, {len(people)})]",
        log_lines=str(LINES_A_CHUNK),
    )
    analyze(Job)


def chunks() -> int:
    """Give every ended job a chunk of log, and one job a thousand; returns the number of lines.

    A row holds up to a thousand lines; ten are what a short job writes.
    """
    job = Job.objects.latest("pk")
    lines = [[1e9, "INFO", "kit", f"line {number}"] for number in range(LINES_A_CHUNK)]
    logs.append(job.pk, 1, 1, lines)
    pattern = JobLog.objects.get(job=job)
    columns, values = _row(pattern, {"job_id": "job.id", "id": ""})
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO toolkits_joblog ({columns}) SELECT {values} FROM toolkits_job AS job, "
            "toolkits_joblog AS pattern WHERE pattern.id = %s AND job.id <> %s",
            [pattern.pk, job.pk],
        )
        made = cursor.rowcount
    first = f"{LINES_A_CHUNK} * n + 1"
    _repeat(pattern, 999, id="", first_line=first)
    Job.objects.filter(pk=job.pk).update(log_lines=1000 * LINES_A_CHUNK)
    analyze(JobLog)
    return (made + 1000) * LINES_A_CHUNK


def events(count: int, people: list[User]) -> None:
    """Add ``count`` sealed events. Their links are not those of a chain: plans do not ask."""
    trail.grow(1)
    pattern = Event.objects.latest("pk")
    assert pattern.sequence is not None
    began = timezone.now() - timedelta(days=365)
    names, owners = list(trail.NAMES), ", ".join(f"'{user.pk}'" for user in people)
    graver = "CASE WHEN mod(n, 50) = 0 THEN 'warning' ELSE 'info' END"
    triggers.remove(connection)
    _repeat(
        pattern,
        count,
        id=_uuid7(began.timestamp() * 1000, 365 * 86400 * 1000 / count),
        sequence=f"{pattern.sequence} + n",
        time=f"'{began.isoformat()}'::timestamptz + n * interval '1 second'",
        name=f"(ARRAY{names!r})[1 + mod(n, {len(names)})]",
        severity=graver,
        actor_id=f"(ARRAY[{owners}])[1 + mod(n, {len(people)})]",
        actor_label=f"'user' || mod(n, {len(people)})",
        target_id="lpad(to_hex(mod(n, 100000)), 32, '0')::uuid::text",
        address="'192.0.2.' || mod(n, 250)",
        details="jsonb_build_object('via', 'console', 'word', 'w' || n)",
    )
    triggers.install(connection)
    analyze(Event)


def analyze(model: type[Model]) -> None:
    """Tell the planner what there is now."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")


def _uuid7(first: float, step: float) -> str:
    """SQL of a version 7 id, ``step`` milliseconds after the one before."""
    stamp = f"lpad(to_hex(({first:.0f} + n * {step!r})::bigint), 12, '0')"
    return f"({stamp} || '70008' || lpad(to_hex(n), 15, '0'))::uuid"


def _repeat(pattern: Model, count: int, **expressions: str) -> None:
    columns, values = _row(pattern, expressions)
    table = pattern._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {values} "
            f"FROM generate_series(1, {count}) AS n, {table} AS pattern WHERE pattern.id = %s",
            [pattern.pk],
        )


def _row(pattern: Any, expressions: dict[str, str]) -> tuple[str, str]:
    """Columns and their SQL: that of ``expressions``, else what the pattern holds. A column whose
    expression is empty is left to the database."""
    names = [field.column for field in pattern._meta.concrete_fields
             if expressions.get(field.column) != ""]  # fmt: skip
    unknown = set(expressions) - {field.column for field in pattern._meta.concrete_fields}
    assert not unknown, unknown
    quoted = ", ".join(f'"{name}"' for name in names)
    return quoted, ", ".join(expressions.get(name, f'pattern."{name}"') for name in names)
