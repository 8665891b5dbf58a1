"""Backups: the database, installed bundles and files of jobs, in one folder; secrets stay in Vault.

The database is taken first: what the others hold beyond it does no harm, what they lack is missed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from toolbox import __version__
from toolbox.events import emit
from toolbox.private_files import write_private
from toolbox.problems import Problem
from toolkits.backups import database, files

FORMAT = 1
INDEX = "backup.json"
Say = Callable[[str], None]


class BackupRefused(Problem):
    """A backup that cannot be taken or restored, and why."""

    title = "The backup cannot be used"


def take(folder: Path, say: Say) -> dict[str, Any]:
    """Write a backup into a new folder that only its owner can read; returns its index.

    Raises ``BackupRefused``.
    """
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise BackupRefused(f"{folder} is there already. Name a new folder.") from None
    emit("backup.begun", folder=str(folder))
    parts: dict[str, Any] = {}
    with _private():
        name = database.dump(connection, folder)
        parts["database"] = _part(folder / name)
        say(f"database   {parts['database']['bytes']:,} bytes")
        for kind in files.KINDS:
            count, missing = files.pack(kind, folder / f"{kind}.tar")
            parts[kind] = {**_part(folder / f"{kind}.tar"), "files": count, "missing": missing}
            say(f"{kind:<10} {count:,} files")
            for lost in missing:
                say(f"  MISSING  {lost}: the storage does not have it")
    index = {
        "format": FORMAT,
        "toolbox": __version__,
        "taken_at": timezone.now().isoformat(),
        "engine": connection.vendor,
        "migrations": sorted(map(list, MigrationRecorder(connection).applied_migrations())),
        "parts": parts,
    }
    # Written last: a folder without it is no backup.
    write_private(folder / INDEX, json.dumps(index, indent=2) + "\n")
    return index


@contextmanager
def _private() -> Iterator[None]:
    """Files made in this block can be read by their owner alone."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _part(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest}


def check(folder: Path) -> dict[str, Any]:
    """Return the index of a backup that is whole. Raises ``BackupRefused``."""
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text())
        if index["format"] != FORMAT:
            raise BackupRefused(f"{folder} is of another format than this version reads.")
        for part in index["parts"].values():
            path = folder / Path(part["file"]).name
            if _part(path)["sha256"] != part["sha256"]:
                raise BackupRefused(f"{path} is not as it was written: its digest differs.")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupRefused(f"{folder} is no whole backup: {error}") from None
    return index


def restore(folder: Path, say: Say) -> dict[str, Any]:
    """Put a backup into an empty database and the present storages, and migrate.

    Raises ``BackupRefused``; nothing is changed unless the backup is whole and the database empty.
    """
    index = check(folder)
    if index["engine"] != connection.vendor:
        raise BackupRefused(
            f"The backup is of {index['engine']}, and DATABASE_URL is {connection.vendor}."
        )
    known = MigrationLoader(None).disk_migrations
    if later := [name for app, name in index["migrations"] if (app, name) not in known]:
        raise BackupRefused(
            f"The backup is of a later version ({index['toolbox']}), which has {later[0]}. "
            "Restore it with that version or a newer one."
        )
    if connection.introspection.table_names():
        raise BackupRefused("The database is not empty. Restore into an empty one.")
    parts = index["parts"]
    database.load(connection, folder / Path(parts["database"]["file"]).name)
    say("database   restored")
    call_command("migrate", verbosity=0, interactive=False)
    say("database   migrated to this version")
    for kind in files.KINDS:
        count = files.unpack(kind, folder / Path(parts[kind]["file"]).name)
        say(f"{kind:<10} {count:,} files")
    emit("backup.restored", folder=str(folder), taken_at=str(index["taken_at"]))
    return index
