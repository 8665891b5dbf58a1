"""Two web hosts, four worker hosts and a scheduler, which share servers and no folder: what one
of them does, all of them know."""

from __future__ import annotations

import io
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import kits, until
from tests.support import s3 as s3_server
from tests.support.factories import PASSWORD
from tests.support.hosts import Host
from toolkits.models import Job

pytestmark = pytest.mark.long

SECONDS = 120
KIT = """
@toolkit.settings
class Config(Settings):
    api_token: Secret | None = None

@toolkit.operation()
def hello(ctx: Context) -> str:
    with ctx.artifact("said.txt", text=True) as file:
        file.write("hello of VERSION")
    time.sleep(0.3)
    return f"VERSION {len(ctx.settings.api_token or '')}"

@toolkit.operation(idempotent=True, timeout=60)
def slow(ctx: Context) -> str:
    if ctx.job.attempt == 1:
        while True:
            ctx.sleep(0.1)
    return "again"
"""


class Site:
    """The hosts, and a curator who is signed in on one web host and asks both."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.make = lambda name: Host(folder / name, **env)
        self.webs = [self.make(f"web{number}") for number in (1, 2)]
        self.workers = [self.make(f"worker{number}") for number in (1, 2, 3, 4)]
        self.scheduler = self.make("scheduler")
        first = self.webs[0].web()
        self.urls = [first, self.webs[1].web(origin=first)]
        self.processes = {host.folder.name: host.worker() for host in self.workers}
        self.scheduler.start("scheduler", "manage.py", "scheduler").until_says("active", 90)
        self.session = requests.Session()

    def sign_in(self, username: str) -> None:
        given = {"username": username, "password": PASSWORD}
        answer = self.ask(0, "post", "auth/login/", json=given)
        self.session.headers["Authorization"] = f"Bearer {answer['access']}"

    def ask(self, web: int, method: str, path: str, **options: Any) -> Any:
        url = f"{self.urls[web]}/api/v1/{path}"
        answer = self.session.request(method, url, timeout=60, **options)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json() if "json" in answer.headers["Content-Type"] else answer.content

    def upload(self, web: int, path: str, root: Path) -> None:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for file in root.iterdir():
                archive.write(file, file.name)
        self.ask(web, "post", path, files={"bundle": ("kit.zip", data.getvalue())})

    def run(self, web: int, operation: str = "hello") -> Job:
        answer = self.ask(web, "post", f"toolkits/sample/operations/{operation}/", json={})
        return Job.objects.get(pk=answer["id"])

    def ends(self, job: Job) -> Job:
        def ended() -> bool:
            job.refresh_from_db()
            return job.is_finished

        until(ended, SECONDS, f"{job} ends")
        return job

    def said(self, jobs: list[Job]) -> set[str]:
        """What jobs gave that all succeeded."""
        for job in jobs:
            assert self.ends(job).state == "succeeded", f"{job.reason} {job.error}"
        return {job.result["text"] if "text" in job.result else job.result["data"] for job in jobs}

    def stop(self) -> None:
        for host in (*self.webs, *self.workers, self.scheduler):
            host.stop()


@pytest.fixture
def site(
    transactional_db: None, valkey: Any, openbao: Any, curator: Any, tmp_path: Path
) -> Iterator[Site]:
    with s3_server.running() as store:
        options = store.environ()
        env = {
            **options,
            "TOOLKIT_ARTIFACT_STORAGE": options["TOOLKIT_BUNDLE_STORAGE"],
            "TOOLKIT_ARTIFACT_STORAGE_OPTIONS": options["TOOLKIT_BUNDLE_STORAGE_OPTIONS"],
            "TOOLKIT_JOB_LEASE_SECONDS": "6",
        }
        made = Site(tmp_path, env)
        made.sign_in(curator.username)
        yield made
        made.stop()


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[[str], Path]:
    def make(version: str) -> Path:
        code = KIT.replace("VERSION", version)
        return kits.write_kit(tmp_path / version, code, version=version)

    return make


def test_what_one_host_installs_updates_and_rolls_back_runs_on_all_of_them(site, bundle):
    site.upload(0, "toolkits/install/", bundle("1.0.0"))
    assert site.ask(1, "get", "toolkits/sample/")["version"] == "1.0.0"
    site.ask(1, "put", "toolkits/sample/settings/", json={"api_token": "tok-tok"})

    jobs = [site.run(number % 2) for number in range(16)]

    assert site.said(jobs) == {"1.0.0 7"}
    assert len({job.worker for job in jobs}) == 4
    for web in (0, 1):
        path = f"jobs/{jobs[0].pk}/artifacts/said.txt/"
        assert site.ask(web, "get", path) == b"hello of 1.0.0"

    site.upload(1, "toolkits/sample/update/", bundle("2.0.0"))
    site.ask(0, "put", "toolkits/sample/settings/", json={"api_token": "token-of-12c"})
    jobs = [site.run(number % 2) for number in range(16)]
    assert site.said(jobs) == {"2.0.0 12"}
    assert len({job.worker for job in jobs}) == 4

    site.ask(0, "post", "toolkits/sample/rollback/", json={})
    jobs = [site.run(number % 2) for number in range(16)]
    assert site.said(jobs) == {"1.0.0 12"}
    for host in site.workers:
        assert host.bundles == {"1.0.0", "2.0.0"}

    held = site.run(1, "slow")
    until(lambda: Job.objects.get(pk=held.pk).worker != "", SECONDS, "it runs")
    held.refresh_from_db()
    lost = held.worker
    site.processes[lost].signal(signal.SIGKILL)
    assert site.said([held]) == {"again"}
    held.refresh_from_db()
    assert held.attempt == 2
    assert held.worker != lost
    assert site.said([site.run(0)]) == {"1.0.0 12"}
