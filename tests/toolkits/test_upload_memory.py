"""How much memory an upload takes in the processes that it goes through."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import psutil
import pytest
import requests

from tests.support import until
from tests.support.factories import make_token, make_user
from tests.support.kits import write_kit
from toolkits.models import Job

_MOST = 64 << 20


def memory(pid: int, name: str) -> int:
    """A figure of ``/proc/PID/status``, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise AssertionError(name)


class Watched:
    """A process's peak above what it used when it was idle."""

    def __init__(self, pid: int) -> None:
        self.pid, self.idle = pid, memory(pid, "VmRSS")
        # Begins the peak anew.
        Path(f"/proc/{pid}/clear_refs").write_text("5")

    @property
    def above(self) -> int:
        return memory(self.pid, "VmHWM") - self.idle


def large_zip(folder: Path, slug: str) -> Path:
    """A zip of nearly 50 MiB that does not compress."""
    target = folder / f"{slug}.zip"
    source = write_kit(folder, slug=slug)
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("toolkit.json", "kit.py"):
            archive.write(source / name, name)
        for number in range(49):
            archive.writestr(f"data/{number}.bin", os.urandom(1 << 20))
    return target


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux tells peaks")
@pytest.mark.parametrize("background", [False, True])
def test_an_upload_of_fifty_mebibytes_takes_little_memory(platform, tmp_path, background):
    curator = make_user("carl", roles=["toolkit.curator"])
    _, token = make_token(curator)
    web, url = platform.web()
    worker = platform.worker()

    def upload(path: Path) -> requests.Response:
        with path.open("rb") as stream:
            return requests.post(
                f"{url}/api/v1/toolkits/install/",
                params={"background": str(background).lower()},
                files={"bundle": (path.name, stream, "application/zip")},
                headers={"Authorization": f"Bearer {token}"},
                timeout=120,
            )

    def over() -> bool:
        return all(job.is_finished for job in Job.objects.all())

    small = tmp_path / "small.zip"
    with zipfile.ZipFile(small, "w") as archive:
        for path in write_kit(tmp_path, slug="small").iterdir():
            archive.write(path, path.name)
    assert upload(small).status_code in {201, 202}
    until(over, 60, "the end of the first install")
    children = psutil.Process(web.pid).children()
    watched = [Watched(pid) for pid in (*(child.pid for child in children), worker.pid)]

    answer = upload(large_zip(tmp_path, "large"))

    assert answer.status_code in {201, 202}, answer.text
    until(over, 90, "the end of the install")
    assert all(job.state == "succeeded" for job in Job.objects.all())
    assert [one.above for one in watched if one.above > _MOST] == []
