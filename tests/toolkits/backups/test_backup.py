"""A backup that is taken while the platform is in use, restored into an empty place, and used."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Event
from tests.support import kits
from tests.support.processes import BASE, Platform, database_url
from toolkits import backups, settings_store
from toolkits.jobs import artifacts
from toolkits.models import JobArtifact

KIT = """
@toolkit.settings
class Config(Settings):
    api_token: Secret | None = None

@toolkit.operation()
def keep(ctx: Context) -> int:
    with ctx.artifact("report.txt", text=True) as file:
        file.write("kept")
    return len(ctx.settings.api_token)
"""


@pytest.fixture
def used(platform: Platform, install: Any, admin_user: Any) -> Any:
    """A platform on which somebody installed a toolkit, set it up and ran a job."""
    toolkit = install(KIT)
    settings_store.save(toolkit, {"api_token": "tok-tok-tok"}, admin_user)
    job = kits.run_here(toolkit, admin_user, "keep")
    assert job.state == "succeeded", job.error
    return job


class EmptyPlace:
    """Another host: a database, folders and a Redis prefix of its own; Vault is the same."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.url = self._new_database(folder)
        self.env = {
            **os.environ,
            "DATABASE_URL": self.url,
            "TOOLBOX_VAR_DIR": str(folder),
            "TOOLKIT_STORAGE_DIR": str(folder / "toolkits"),
            "TOOLKIT_ARTIFACT_DIR": str(folder / "artifacts"),
            "REDIS_PREFIX": "elsewhere",
        }

    def _new_database(self, folder: Path) -> str:
        if connection.vendor == "sqlite":
            return f"sqlite:///{folder / 'restored.sqlite3'}"
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS restored")
            cursor.execute("CREATE DATABASE restored")
        return urlsplit(database_url())._replace(path="/restored").geturl()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE, env=self.env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


def test_what_was_backed_up_is_restored_into_an_empty_place_and_runs_a_job(
    used, platform, tmp_path
):
    folder = tmp_path / "backup"
    taken = platform.manage("backup", str(folder))
    assert taken.returncode == 0, taken.stderr
    place = EmptyPlace(tmp_path / "elsewhere")

    restored = place.manage("restore", str(folder))

    assert restored.returncode == 0, restored.stderr
    verified = place.manage("audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    stored_as = JobArtifact.objects.get(job=used).stored_as
    assert (tmp_path / "elsewhere" / "artifacts" / stored_as).read_text() == "kept"
    platform.env = place.env
    worker = platform.start("worker", "manage.py", "rqworker", "default")
    worker.until_says("istening on", 60)
    ran = place.manage("toolkit", "run", "sample", "keep")
    assert ran.returncode == 0, ran.stderr + worker.log()[-2000:]
    events = place.manage("audit", "export", "--format", "jsonl").stdout
    assert "backup.begun" in events
    assert "backup.restored" in events
    assert json.loads(ran.stdout)["data"] == len("tok-tok-tok")


def test_a_backup_is_for_its_owner_alone_and_holds_no_secret(used, tmp_path):
    folder = tmp_path / "backup"
    call_command("backup", str(folder))

    assert Event.objects.get(name="backup.begun").details == {"folder": str(folder)}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})
    assert not any(b"tok-tok-tok" in path.read_bytes() for path in folder.iterdir())
    with tarfile.open(folder / "bundles.tar") as tar:
        assert [name.rpartition(".")[2] for name in tar.getnames()] == ["zip"]


def test_a_place_that_is_not_empty_and_a_folder_that_is_there_are_refused(db, storage, tmp_path):
    folder = tmp_path / "backup"
    call_command("backup", str(folder))

    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", str(folder))
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(folder))


def test_a_backup_of_a_later_version_is_refused(db, storage, tmp_path):
    folder = tmp_path / "backup"
    index = backups.take(folder, lambda _: None)
    index["migrations"].append(["toolkits", "9999_tomorrow"])
    (folder / "backup.json").write_text(json.dumps(index))

    with pytest.raises(backups.BackupRefused, match="9999_tomorrow"):
        backups.restore(folder, lambda _: None)


@pytest.mark.parametrize("part", ["database", "bundles", "artifacts", "index"])
def test_a_backup_that_was_changed_or_is_not_whole_is_refused(db, storage, tmp_path, part):
    folder = tmp_path / "backup"
    index = backups.take(folder, lambda _: None)
    if part == "index":
        (folder / "backup.json").unlink()
    else:
        with (folder / index["parts"][part]["file"]).open("ab") as stream:
            stream.write(b"x")

    with pytest.raises(CommandError, match=r"differs|no whole backup"):
        call_command("backup", "--check", str(folder))
    with pytest.raises(backups.BackupRefused):
        backups.restore(folder, lambda _: None)


def test_a_file_that_the_storage_lost_is_named_and_the_rest_is_kept(used, tmp_path, capsys):
    stored_as = JobArtifact.objects.get(job=used).stored_as
    artifacts.storage().delete(stored_as)

    with pytest.raises(CommandError, match="1 files were missing"):
        call_command("backup", str(tmp_path / "backup"))
    assert f"MISSING  {stored_as}" in capsys.readouterr().out
    assert backups.check(tmp_path / "backup")["parts"]["artifacts"]["files"] == 0


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_what_still_is_in_sqlites_log_is_in_the_backup(used, tmp_path):
    folder = tmp_path / "backup"
    call_command("backup", str(folder))

    with closing(sqlite3.connect(folder / "database.sqlite3")) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = copy.execute("SELECT count(*) FROM toolkits_job").fetchone()
    assert found == (1,)
