"""How jobs are stopped: the ladder with its times, everything that they started, the hook."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import until
from tests.support.kits import run_here
from toolkits.jobs import logs
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt

STUBBORN = """
import signal, subprocess, threading

def note(name: str) -> None:
    print(f"pid {name} {os.getpid()}", flush=True)

@toolkit.operation(timeout=60, cancel_grace=0.5)
def polite(ctx: Context) -> None:
    note("job")
    ctx.sleep(50)

@toolkit.operation(timeout=60, cancel_grace=0.5)
def deaf(ctx: Context) -> None:
    note("job")
    while True:
        time.sleep(0.1)

@toolkit.operation(timeout=60, cancel_grace=0.5)
def mule(ctx: Context, daemonise: bool = True) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("job")
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            note("daemon")
            while True:
                time.sleep(1)
        os._exit(0)
    while True:
        try:
            time.sleep(1)
        except BaseException:
            pass

@toolkit.operation(timeout=1, cancel_grace=0.5)
def late(ctx: Context) -> None:
    ctx.sleep(50)

@toolkit.operation()
def leaver(ctx: Context) -> int:
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
        os._exit(0)
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return os.getpid()

@toolkit.operation()
def fails(ctx: Context, host: str = "h") -> None:
    Path("half-done").write_text("x")
    raise ToolkitError("it broke")

@toolkit.operation()
def works(ctx: Context) -> int:
    return os.getpid()

@toolkit.cleanup(timeout=5)
def tidy(ctx: Context) -> None:
    kind = ctx.failure.kind
    given = sorted(ctx.failure.inputs.items())
    ctx.log.info("tidying after %s %s: %s", ctx.job.operation, kind, given)
    if ctx.job.operation == "polite":
        time.sleep(60)
"""


@pytest.fixture
def kit(install):
    return install(STUBBORN, slug="stubborn")


def texts(job: Job) -> list[str]:
    return [line.text for line in logs.read(job, 0, 500).lines]


def pids(job: Job) -> dict[str, int]:
    told = [text.split() for text in texts(job) if text.startswith("pid ")]
    return {name: int(pid) for _, name, pid in told}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def cancelled(platform, kit, user, operation: str, *names: str) -> tuple[Job, JobAttempt, dict]:
    platform.worker("default")
    job = submit(toolkit=kit, operation=operation, inputs={}, user=user)
    until(lambda: set(names) <= set(pids(job)), 20, "its processes")
    request_cancel(job, user)
    until(lambda: Job.objects.get(pk=job.pk).is_finished, 20, "the end")
    job.refresh_from_db()
    return job, job.attempts.get(), pids(job)


def test_a_job_that_listens_stops_when_asked(platform, kit, user):
    job, attempt, _ = cancelled(platform, kit, user, "polite", "job")

    assert job.state == JobState.CANCELLED
    assert attempt.asked_at is not None
    assert attempt.asked_why == "cancelled"
    assert attempt.terminated_at is attempt.killed_at is None


def test_a_job_that_does_not_listen_is_ended_by_sigterm(platform, kit, user):
    job, attempt, found = cancelled(platform, kit, user, "deaf", "job")

    assert job.state == JobState.CANCELLED
    assert attempt.asked_at < attempt.terminated_at <= attempt.dead_at
    assert attempt.killed_at is None
    assert not alive(found["job"])


def test_a_job_that_ignores_sigterm_is_killed_with_its_daemons(platform, kit, user):
    job, attempt, found = cancelled(platform, kit, user, "mule", "job", "daemon")

    assert job.state == JobState.CANCELLED
    assert attempt.asked_at < attempt.terminated_at < attempt.killed_at <= attempt.dead_at
    assert not alive(found["job"])
    assert not alive(found["daemon"])
    assert "SIGKILL" in " ".join(texts(job))


def test_the_daemons_of_a_job_die_with_a_killed_worker(platform, kit, user):
    worker = platform.worker("default")
    job = submit(toolkit=kit, operation="mule", inputs={}, user=user)
    until(lambda: {"job", "daemon"} <= set(pids(job)), 20, "its processes")

    os.kill(worker.pid, 9)

    for pid in pids(job).values():
        until(lambda pid=pid: not alive(pid), 5, "its processes die")


@pytest.mark.usefixtures("valkey")
class TestInOneProcess:
    def test_a_job_over_its_time_is_timed_out(self, kit, user):
        job = run_here(kit, user, "late")

        assert job.state == JobState.TIMED_OUT
        assert "time limit of 1 seconds" in job.reason
        assert job.attempts.get().asked_why == "timed_out"

    def test_what_a_job_left_running_is_ended_before_the_next_one(self, kit, user):
        first = run_here(kit, user, "leaver").result["data"]
        second = run_here(kit, user, "works").result["data"]
        third = run_here(kit, user, "works").result["data"]

        assert first != second == third
        assert not alive(first)

    def test_the_hook_runs_after_a_failure_and_is_told_of_it(self, kit, user):
        job = run_here(kit, user, "fails", {"host": "db1"})

        assert job.state == JobState.FAILED
        assert job.reason == "it broke"
        assert job.attempts.get().cleanup == "done"
        assert "tidying after fails failed: [('host', 'db1')]" in texts(job)

    def test_the_hook_does_not_run_after_success(self, kit, user):
        job = run_here(kit, user, "works")

        assert job.attempts.get().cleanup == ""

    def test_a_hook_over_its_time_is_ended_and_the_job_keeps_its_own_end(self, kit, user):
        kit.active_version.description["cleanup"]["timeout"] = 1
        operation = next(
            o for o in kit.active_version.description["operations"] if o["name"] == "polite"
        )
        operation["timeout"] = 1
        kit.active_version.save()

        job = run_here(kit, user, "polite")

        assert job.state == JobState.TIMED_OUT
        assert job.attempts.get().cleanup == "timed_out"
