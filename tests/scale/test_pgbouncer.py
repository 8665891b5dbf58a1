"""The platform behind pgbouncer in transaction mode: web, worker and commands."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connection  # noqa: F401  (a marker names it)

from tests.support import until
from tests.support.factories import make_token
from tests.support.processes import Platform, database_url, free_port
from toolkits.jobs.states import JobState
from toolkits.models import Job

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif("connection.vendor != 'postgresql'"),
    pytest.mark.skipif(PROGRAM is None, reason="pgbouncer is not installed: apt install pgbouncer"),
]

KIT = """
@toolkit.operation()
def steps(ctx: Context, count: int) -> int:
    for number in range(count):
        ctx.log.info("step %d", number)
        ctx.state.set("last", number)
    return count
"""


@pytest.fixture
def pooled() -> Iterator[str]:
    """The URL of the test's database through a pooler with two connections."""
    assert PROGRAM is not None
    folder = Path(tempfile.mkdtemp(prefix="toolbox-pgbouncer-"))
    given, port = urlsplit(database_url()), free_port()
    secret = f"password={given.password}" if given.password else ""
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"""[databases]
* = host={given.hostname} port={given.port} user={given.username} {secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = 2
auth_type = any
ignore_startup_parameters = extra_float_digits
"""
    )
    drop: dict[str, str] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, config):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        drop = {"user": "nobody"}
    log = (folder / "log").open("wb")
    process = subprocess.Popen([PROGRAM, str(config)], stdout=log, stderr=log, **drop)  # type: ignore[call-overload]
    try:
        until(lambda: _listens(port), 30, f"pgbouncer listens; its log is {folder / 'log'}")
        auth = given.username + (f":{given.password}" if given.password else "")
        yield f"postgres://{auth}@127.0.0.1:{port}{given.path}"
    finally:
        process.terminate()
        process.wait()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_everything_works_through_two_pooled_connections(
    install: object, admin_user: object, platform: Platform, pooled: str
) -> None:
    install(KIT)  # type: ignore[operator]
    token = make_token(admin_user)[1]  # type: ignore[arg-type]
    env = {"DATABASE_URL": pooled, "DATABASE_POOLER": "transaction"}
    web, url = platform.web(**env)
    workers = [platform.worker(**env) for _ in range(2)]
    bearer = {"Authorization": f"Bearer {token}"}

    def run(number: int) -> int:
        answer = requests.post(
            f"{url}/api/v1/toolkits/sample/operations/steps/",
            json={"count": 50}, headers=bearer, timeout=60,
        )  # fmt: skip
        assert answer.status_code == 202, answer.text
        return requests.get(f"{url}/api/v1/jobs/", headers=bearer, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(run, range(24))) == {200}
    done = Job.objects.filter(state=JobState.SUCCEEDED)
    until(lambda: done.count() == 24, 120, "every job succeeded")
    assert {job.log_lines for job in done} == {50}
    exported = requests.get(f"{url}/api/v1/audit/export/", headers=bearer, timeout=60)
    assert exported.text.count('"job.requested"') == 24
    verified = platform.manage("audit", "verify", **env)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    for process in (web, *workers):
        assert "prepared statement" not in process.log()
        assert "does not exist" not in process.log()
