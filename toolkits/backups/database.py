"""The database's part of a backup, by the database's own means, while everything runs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db.backends.postgresql.client import DatabaseClient

from toolbox.problems import Problem

_SQLITE, _POSTGRES = "database.sqlite3", "database.pgdump"


class DatabaseRefused(Problem):
    """The database could not be dumped or loaded, in its own words."""

    title = "The database cannot be backed up or restored"


def dump(connection: Any, folder: Path) -> str:
    """Write the whole database as of one moment; returns the name of the file."""
    if connection.vendor == "sqlite":
        _copy_sqlite(str(connection.settings_dict["NAME"]), str(folder / _SQLITE))
        return _SQLITE
    target = f"--file={folder / _POSTGRES}"
    _run(connection, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", target)
    return _POSTGRES


def load(connection: Any, source: Path) -> None:
    """Fill the empty database from a file of ``dump``."""
    if connection.vendor == "sqlite":
        connection.close()
        target = Path(connection.settings_dict["NAME"])
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_sqlite(str(source), str(target))
        target.chmod(0o600)
        return
    connection.close()
    _run(connection, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error",
         "--single-transaction", source=source)  # fmt: skip


def _copy_sqlite(source: str, target: str) -> None:
    """SQLite's own way: it also has what is still in the write-ahead log."""
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=1000)
    except sqlite3.Error as error:
        raise DatabaseRefused(f"SQLite: {error}") from None


def _run(connection: Any, program: str, *options: str, source: Path | None = None) -> None:
    """Run one of PostgreSQL's programs on the database; the password goes by the environment."""
    if shutil.which(program) is None:
        raise DatabaseRefused(
            f"{program} is not here. Install PostgreSQL's client programs, of the server's "
            "version or newer."
        )
    # psql's arguments and environment for these settings: the others understand the same.
    arguments, own = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    *where, name = arguments[1:]
    place = ["--dbname", name, str(source)] if source else [name]
    done = subprocess.run(
        [program, *options, *where, *place],
        env={**os.environ, **(own or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = done.stderr.strip().splitlines()
        raise DatabaseRefused(f"{program}: {words[-1] if words else done.returncode}")
