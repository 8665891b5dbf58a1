"""A disk that is full: the job says so, what was half written goes, and nothing else suffers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.faults.conftest import ended
from tests.support.kits import run_here
from toolkits.jobs import artifacts
from toolkits.jobs.states import JobState

KEEPER = """
@toolkit.operation()
def keep(ctx: Context, kib: int) -> str:
    with ctx.artifact("data.bin") as stream:
        stream.write(os.urandom(1024) * kib)
    return "kept"

@toolkit.operation()
def keep_if_possible(ctx: Context, kib: int) -> str:
    try:
        return keep(ctx, kib)
    except CallError as error:
        return f"{error.kind}: {error}"
"""

_SMALL = 1 << 20


@pytest.fixture
def keeper(install):
    return install(KEEPER, slug="keeper")


@pytest.fixture
def small_disk(storage: Path, tmp_path: Path) -> Iterator[Path]:
    """A file system of a mebibyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SMALL},nr_inodes=64", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_job_whose_file_finds_no_room_fails_with_the_reason(
    platform, keeper, ask, small_disk
):
    worker = platform.worker(TOOLKIT_ARTIFACT_DIR=str(small_disk))

    full = ended(ask(keeper, "keep", kib=2048))
    told = ended(ask(keeper, "keep_if_possible", kib=2048))

    assert full.state == JobState.FAILED
    assert "No space left on device" in full.reason
    assert str(small_disk) not in full.reason
    assert told.result["data"].startswith("unavailable: ")
    # What was written of it is gone, and there is room for what fits.
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
    fits = ended(ask(keeper, "keep", kib=512))
    assert fits.state == JobState.SUCCEEDED, fits.reason
    assert fits.artifacts.get().size_bytes == 512 << 10
    assert worker.status is None


@pytest.mark.long
def test_a_job_whose_worker_has_no_room_for_a_runner_fails_with_the_reason(
    platform, keeper, ask, small_disk
):
    work = Path(settings.TOOLKIT_STORAGE_DIR, ".work")
    work.mkdir(mode=0o711, exist_ok=True)
    worker = platform.worker()
    subprocess.run(["mount", "--bind", str(small_disk), str(work)], check=True)
    try:
        inodes = os.statvfs(small_disk).f_ffree
        for number in range(inodes):
            (small_disk / f"filler-{number}").touch()
        full = ended(ask(keeper, "keep", kib=1))
        for filler in small_disk.glob("filler-*"):
            filler.unlink()
        after = ended(ask(keeper, "keep", kib=1))
    finally:
        subprocess.run(["umount", "-l", str(work)], check=True)

    assert full.state == JobState.FAILED
    assert "No space left on device" in full.reason
    assert after.state == JobState.SUCCEEDED, after.reason
    assert worker.status is None


@pytest.mark.usefixtures("valkey")
def test_a_storage_with_errors_of_its_own_fails_the_job_and_not_the_platform(
    keeper, user, monkeypatch
):
    class Unreachable:
        """As storages in a cloud are, whose errors derive from nothing common."""

        def save(self, name, content):
            raise RuntimeError("the bucket does not answer")

        def delete(self, name):
            raise RuntimeError("the bucket does not answer")

    monkeypatch.setattr(artifacts, "storage", Unreachable)

    job = run_here(keeper, user, "keep", {"kib": 1})

    assert job.state == JobState.FAILED
    assert "the bucket does not answer" in job.reason
    assert job.error["kind"] == "failed"
