"""Migrations of a database that is full and in use: what came after the baseline is applied while
others write, and nobody waits long for it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection  # noqa: F401  (a marker names it)

from tests.support.processes import BASE, database_url

#: Where the schema stood when this watch began: at each release, the newest migrations of it.
BASELINE = {"accounts": "0008", "audit": "0006", "toolkits": "0010"}
ROWS = 20_000
#: A writer that has to wait longer than this for a lock fails.
PATIENCE = "30s"
#: What the tables' columns are filled with, where they must be.
_VALUES = {"uuid": "gen_random_uuid()", "boolean": "false", "jsonb": "'{}'::jsonb",
           "timestamp with time zone": "now()"}  # fmt: skip
_GIVEN = {
    "toolkits_job": {"state": "'queued'", "toolkit_slug": "'kit'", "operation": "'op'"},
    "audit_event": {"name": "'job.ended'", "severity": "'info'", "outcome": "'success'"},
}

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.skipif("connection.vendor != 'postgresql'"),
]


@pytest.fixture
def database() -> Iterator[str]:
    """The URL of an empty database beside the test's own."""
    url = database_url()
    name = f"migrated_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        yield urlsplit(url)._replace(path=f"/{name}").geturl()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrate(url: str, *targets: tuple[str, ...]) -> None:
    """Migrate in a process of its own."""
    calls = "".join(f"call_command('migrate', *{target!r}, verbosity=0);" for target in targets)
    head = "import django; django.setup(); from django.core.management import call_command; "
    code = head + calls
    env = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "toolbox.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BASE, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def insertion(session: Any, table: str, count: int) -> str:
    """SQL that adds rows with what the table asks for now."""
    found = session.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s AND "
        "is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'", [table],
    ).fetchall()  # fmt: skip
    texts = {"character varying": "''", "text": "''"}
    columns = {name: {**_VALUES, **texts}.get(kind, "0") for name, kind in found}
    columns |= _GIVEN[table]
    names, values = ", ".join(columns), ", ".join(columns.values())
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM generate_series(1, {count})"


class Writer(threading.Thread):
    """Adds jobs and events, and changes jobs, until it is told to stop."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.done, self.written = url, threading.Event(), 0
        self.problem: Exception | None = None

    def run(self) -> None:
        try:
            with psycopg.connect(self.url, autocommit=True) as session:
                session.execute(f"SET lock_timeout = '{PATIENCE}'")
                while not self.done.wait(0.01):
                    for table in _GIVEN:
                        session.execute(insertion(session, table, 1))
                    session.execute(
                        "UPDATE toolkits_job SET progress_label = 'on' WHERE id = "
                        "(SELECT id FROM toolkits_job LIMIT 1)"
                    )
                    self.written += 1
        except Exception as error:
            self.problem = error


def test_migrations_after_the_baseline_let_writers_go_on(database: str) -> None:
    migrate(database, *BASELINE.items())
    with psycopg.connect(database, autocommit=True) as session:
        for table in _GIVEN:
            session.execute(insertion(session, table, ROWS))
    writers = [Writer(database) for _ in range(3)]
    for writer in writers:
        writer.start()

    migrate(database, ())

    for writer in writers:
        writer.done.set()
        writer.join(60)
    assert [writer.problem for writer in writers] == [None, None, None]
    assert all(writer.written for writer in writers)
    with psycopg.connect(database) as session:
        row = session.execute("SELECT count(*) FROM toolkits_job").fetchone()
    assert row is not None
    assert row[0] == ROWS + sum(writer.written for writer in writers)
