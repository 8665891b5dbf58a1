"""Processes killed at every step of an install: what was active works, nothing is half-made, and
the next start cleans up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import requests
from django.conf import settings

from tests.support import until
from tests.support.factories import make_token, make_user
from tests.support.kits import run_here, write_kit
from tests.support.processes import free_port
from tests.support.wheels import write_wheel
from toolkits import installs, versions
from toolkits.bundles import pack, progress, store
from toolkits.bundles.install import install_bundle
from toolkits.bundles.planning import PlanOptions
from toolkits.installs import Wanted
from toolkits.jobs.recovery import reaper
from toolkits.jobs.states import JobState
from toolkits.models import InstallPlan, Job, PlanState, Toolkit, ToolkitVersion

SIGKILLED = -9
CODE = '''
@toolkit.operation()
def hello(ctx: Context) -> str:
    return "{word}"
'''
#: The others run with `make test-long`.
_SHORT = {"cli": {"activating"}, "worker": {"stored"}, "web": set()}
# A web process builds no environment: a worker does.
_STEPS = [
    pytest.param(who, step, marks=[] if step in _SHORT[who] else [pytest.mark.long])
    for who in ("cli", "worker", "web")
    for step in progress.STEPS
    if (who, step) != ("web", "installing")
]


@pytest.fixture
def curator(transactional_db):
    return make_user("carl", roles=["toolkit.curator", "system.admin"])


@pytest.fixture
def old(platform, tmp_path, curator):
    """A toolkit at 1.0.0."""
    source = write_kit(tmp_path / "old", CODE.format(word="old"), slug="fleet")
    install_bundle(source, user=curator, via="cli")
    return Toolkit.objects.get(slug="fleet")


def newer(tmp_path: Path, step: str, *, wheels: bool) -> Path:
    """A zip of 2.0.0, with an environment that was never built before."""
    folder = tmp_path / "new"
    source = write_kit(folder, CODE.format(word="new"), slug="fleet", version="2.0.0")
    if wheels:
        write_wheel(source / "wheels", f"{step} {tmp_path.name}")
        (source / "requirements.txt").write_text("small-package==1.0.0\n")
    return pack.pack(source, folder / "new.zip")


def die_in_cli(platform, step, source, curator):
    process = platform.start(
        "cli", "-m", "tests.support.killed", step, "manage.py", "toolkit", "install", str(source)
    )
    until(lambda: process.status is not None, 90, "the end of the command")
    assert process.status == SIGKILLED, process.log()


def die_in_worker(platform, step, source, curator):
    # An upload is moved away, as the file of a request is.
    source = Path(shutil.copy(source, source.with_name("upload.zip")))
    seen, plan = installs.looked_at(source, user=curator, via="api", options=PlanOptions())
    wanted = Wanted(consent=True)
    job = installs.submit_upload(plan, source, seen, user=curator, wanted=wanted)
    process = platform.start(
        "worker", "-m", "tests.support.killed", step, "manage.py", "rqworker", "default"
    )
    until(lambda: process.status is not None, 90, "the end of the worker")
    assert process.status == SIGKILLED, process.log()
    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    until(lambda: reaper.reap() and True, 90, "the job to be lost")
    job.refresh_from_db()
    assert job.state == JobState.LOST


def die_in_web(platform, step, source, curator):
    _, token = make_token(curator)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = platform.start(
        "web", "-m", "tests.support.killed", step, "gunicorn", "toolbox.wsgi",
        "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}",
        FRONTEND_BASE_URL=url,
    )  # fmt: skip
    until(lambda: _answers(f"{url}/livez"), 90, "the web process answers")
    with source.open("rb") as stream, pytest.raises(requests.RequestException):
        requests.post(
            f"{url}/api/v1/toolkits/install/",
            files={"bundle": ("new.zip", stream, "application/zip")},
            headers={"Authorization": f"Bearer {token}"},
            timeout=90,
        )
    process.stop()


def _answers(url):
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False


DEATHS = {"cli": die_in_cli, "worker": die_in_worker, "web": die_in_web}


def start_again(platform, who):
    """The next start of a process of that kind."""
    if who == "cli":
        assert platform.manage("toolkit", "store").returncode == 0
    elif who == "worker":
        platform.worker().stop()
    else:
        platform.web()[0].stop()


def leftovers() -> list[str]:
    """What belongs to no version that is installed and to no plan that waits."""
    root: Path = settings.TOOLKIT_STORAGE_DIR
    known = set(ToolkitVersion.objects.values_list("storage_path", flat=True))
    ready = InstallPlan.objects.filter(state=PlanState.READY)
    rows = [*ToolkitVersion.objects.all(), *ready]
    digests = {store.key(row.digest) for row in rows}
    plans = {str(plan.pk) for plan in ready}
    folders = root.glob("[a-z0-9]*/*-*")
    found = [path for path in folders if path.relative_to(root).as_posix() not in known]
    stored = root / ".bundles"
    zips = [path for path in stored.glob("*/*.zip") if path.parent.name != "uploads"]
    found += [path for path in zips if path.relative_to(stored).as_posix() not in digests]
    found += [path for path in root.glob(".planned/*") if path.name not in plans]
    found += [*root.glob(".uploads/*"), *root.glob(".environments/.new-*")]
    return [path.relative_to(root).as_posix() for path in found]


def result_now(curator) -> str:
    versions.forget()
    toolkit = Toolkit.objects.select_related("active_version").get(slug="fleet")
    job = run_here(toolkit, curator)
    assert job.state == JobState.SUCCEEDED, job.reason
    return job.result["data"]


@pytest.mark.parametrize(("who", "step"), _STEPS)
def test_killed_at_a_step_of_an_update(platform, tmp_path, old, curator, who, step):
    source = newer(tmp_path, step, wheels=who != "web")

    DEATHS[who](platform, step, source, curator)

    active = "new" if step == "active" else "old"
    assert result_now(curator) == active
    start_again(platform, who)
    assert leftovers() == []
    assert result_now(curator) == active
    install_bundle(source, user=curator, via="cli")
    assert result_now(curator) == "new"
    assert not Job.objects.filter(state=JobState.RUNNING).exists()


@pytest.mark.long
@pytest.mark.parametrize("step", ["written", "activating"])
def test_killed_in_a_first_install_there_is_no_toolkit(platform, tmp_path, curator, step):
    source = newer(tmp_path, step, wheels=False)

    die_in_cli(platform, step, source, curator)

    assert not Toolkit.objects.exists()
    assert not ToolkitVersion.objects.exists()
    start_again(platform, "cli")
    # A plan that was ready waits for an hour, and can still be confirmed.
    assert leftovers() == []
