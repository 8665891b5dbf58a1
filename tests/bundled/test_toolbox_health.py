"""The health toolkit on a real platform: each part is killed or sealed, seen, and comes back."""

import json
import os
import signal
import threading

import pytest

from tests.support import environment, until
from tests.support.kits import run_here
from tests.support.processes import free_port
from toolbox.health import checks
from toolkits import platform_health
from toolkits.bundles.permissions import Permissions
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt, Notice, SchedulerLease, Toolkit, ToolkitSample
from toolkits.scheduling import Leadership

pytestmark = pytest.mark.django_db


def standing(job, component):
    assert job.state == JobState.SUCCEEDED, job.reason
    row = next(row for row in job.result["views"][1]["rows"] if row["component"] == component)
    return row["state"]["state"], row["found"]


def incident(component):
    """The ended incident of a component, as the toolkit keeps it; None before there is one."""
    samples = ToolkitSample.objects.filter(series="incidents").order_by("id")
    found = [one.value for one in samples if one.value["component"] == component]
    return found[-1] if found else None


def notices():
    return list(Notice.objects.order_by("id").values_list("title", "state"))


@pytest.fixture
def check(bundled, valkey, openbao, user):
    kit = bundled("toolbox_health")
    return lambda: run_here(kit, user, "check")


def test_redis_that_is_killed_is_seen_and_its_incident_ends(check, valkey):
    assert standing(check(), "Redis")[0] == "ok"
    valkey.stop()
    down = check()
    valkey.start()
    up = check()

    assert standing(down, "Redis") == ("critical", "it does not answer (ConnectionError)")
    assert standing(down, "Queue default")[0] == "unknown"
    assert standing(down, "Workers")[0] == "unknown"
    assert standing(up, "Redis")[0] == "ok"
    ended = incident("Redis")
    assert ended["well_at"] < ended["began"] < ended["ended"]
    assert ("Redis is down", "critical") in notices()
    assert any(title.startswith("Redis is well again") for title, _ in notices())


def test_vault_that_is_sealed_or_killed_is_seen_and_its_incident_ends(check, openbao):
    openbao.client().sys.seal()
    sealed = check()
    openbao.stop()
    killed = check()
    openbao.start()
    openbao.make_ready()
    up = check()

    assert standing(sealed, "Vault") == ("critical", "it is sealed")
    row = next(row for row in sealed.result["views"][1]["rows"] if row["component"] == "Vault")
    assert row["do"] == "Unseal it with its keys."
    assert standing(killed, "Vault")[0] == "critical"
    assert standing(up, "Vault")[0] == "ok"
    assert incident("Vault")["text"] == "it is sealed"


def test_storage_that_cannot_be_written_is_seen(check, settings, tmp_path):
    check()
    kept = settings.TOOLKIT_STORAGE_DIR
    (tmp_path / "file").write_text("")
    # The toolkit itself is read from where it was; only the check looks here.
    real = checks.CHECKS["storage"]

    def elsewhere():
        settings.TOOLKIT_STORAGE_DIR = tmp_path / "file" / "toolkits"
        try:
            return real()
        finally:
            settings.TOOLKIT_STORAGE_DIR = kept

    checks.CHECKS["storage"] = elsewhere
    try:
        down = check()
    finally:
        checks.CHECKS["storage"] = real

    assert standing(down, "Storage")[0] == "critical"
    assert standing(check(), "Storage")[0] == "ok"
    assert incident("Storage")["worst"] == "critical"


def test_a_dependency_that_hangs_has_failed_in_time(monkeypatch):
    release = threading.Event()
    monkeypatch.setitem(checks.CHECKS, "storage", lambda: str(release.wait(60)))
    hung, web = checks.run_bounded(["storage", "web"], seconds=0.3)
    release.set()

    assert (hung.ok, hung.detail) == (False, "no answer in 0.3 seconds")
    assert web.name == "web"


def test_the_scheduler_that_holds_no_lease_is_seen(check):
    assert standing(check(), "Scheduler")[0] == "critical"
    scheduler = Leadership("host.1")
    assert scheduler.hold()
    assert standing(check(), "Scheduler") == ("ok", "host.1 acts")
    scheduler.release()
    assert not SchedulerLease.objects.exists()


def test_jobs_that_wait_where_nobody_listens_are_seen(check, bundled, user):
    waiting = submit(
        toolkit=bundled("connectivity"), operation="check", inputs={"hosts": ["127.0.0.1"]},
        user=user,
    )  # fmt: skip

    state, found = standing(check(), f"Queue {waiting.queue}")

    assert state == "critical"
    assert found.startswith("no worker listens; 1 waiting")


def test_broken_runners_are_counted(check, install, user):
    kit = install(
        """
        @toolkit.operation()
        def die(ctx: Context) -> None:
            os._exit(3)
        """
    )
    run_here(kit, user, "die")

    state, found = standing(check(), "Runners")

    assert JobAttempt.objects.filter(exit_reason="crashed").count() == 1
    assert state == "warning"
    assert "1 broke or could not start" in found


def test_a_toolkit_that_does_not_ask_is_told_nothing(install, user, valkey):
    code = """
    @toolkit.operation()
    def ask(ctx: Context) -> Any:
        return ctx.platform.health().version
    """
    kit = install(code)
    refused = run_here(kit, user, "ask")
    told = run_here(install(code, slug="other", permissions={"platform": ["health"]}), user, "ask")

    assert refused.state == JobState.FAILED
    assert refused.reason == "The manifest of this toolkit does not ask for platform: health."
    assert told.state == JobState.SUCCEEDED, told.reason
    manifest = Toolkit.objects.get(slug="other").active_version.manifest
    assert "see how the platform is" in Permissions.of(manifest).lines()["platform:health"]


def test_what_is_told_holds_no_credentials(settings, openbao, valkey):
    told = json.dumps(platform_health.read())

    password = settings.REDIS_URL.split("@")[0].rpartition(":")[2]
    assert password not in told
    assert environment.VAULT_TOKEN_FILE.read_text().strip() not in told


def test_the_web_part_and_a_worker_that_are_killed_are_seen(platform, bundled, user):
    kit = bundled("toolbox_health")
    web, url = platform.web()
    platform.worker(WEB_CHECK_URL=url)
    other = platform.worker("low", WEB_CHECK_URL=url)

    def look():
        job = submit(toolkit=kit, operation="check", inputs={}, user=user)
        until(lambda: Job.objects.get(pk=job.pk).finished_at, 60, "the check has ended")
        job.refresh_from_db()
        return job

    well = look()
    for process in (web, other):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    down = look()

    assert standing(well, "Web") == ("ok", f"answers at {url}")
    assert standing(well, "Workers") == ("ok", "2 of 2 report")
    assert standing(well, "Queue low")[1].endswith("2 listening")
    assert standing(down, "Web")[0] == "critical"
    assert standing(down, "Workers")[0] == "warning"
    assert standing(down, "Queue low")[1].endswith("1 listening")


def test_a_watch_sees_redis_go_and_come_back_while_no_other_job_can_start(
    platform, bundled, user, valkey
):
    kit = bundled("toolbox_health")
    platform.worker(WEB_CHECK_URL=f"http://127.0.0.1:{free_port()}")
    inputs = {"for_seconds": 600, "every_seconds": 1}
    job = submit(toolkit=kit, operation="check", inputs=inputs, user=user)

    def seen(state):
        last = ToolkitSample.objects.filter(series="checks").order_by("-id").first()
        return last is not None and last.value["c"]["Redis"][0] == state

    until(lambda: seen("ok"), 60, "Redis is seen well")
    valkey.stop()
    until(lambda: seen("critical"), 60, "Redis is seen down")
    valkey.start()
    ended = until(lambda: incident("Redis"), 60, "Redis is seen back")

    assert ended["worst"] == "critical"
    request_cancel(Job.objects.get(pk=job.pk), user)
    until(lambda: Job.objects.get(pk=job.pk).finished_at, 60, "the watch has ended")
    assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED
