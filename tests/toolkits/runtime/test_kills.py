"""Processes killed in the middle of a job: the state of the job stays the truth."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support import until
from toolkits.jobs import logs
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt

SLOW = """
@toolkit.operation(timeout=120)
def slow(ctx: Context, pids: bool = False) -> str:
    ctx.log.info("it has begun")
    ctx.sleep(100)
    return "done"

@toolkit.operation()
def quick(ctx: Context) -> str:
    return "quick"
"""


@pytest.fixture
def kit(install):
    return install(SLOW, slug="slow")


def begun(job: Job) -> JobAttempt:
    """Wait until the toolkit's code runs; returns the attempt."""
    until(lambda: logs.read(job).lines, 20, "the first log line")
    return JobAttempt.objects.get(job=job)


def ended(job: Job, seconds: float = 30) -> Job:
    until(lambda: Job.objects.get(pk=job.pk).is_finished, seconds, "the end of the job")
    return Job.objects.get(pk=job.pk)


def test_a_killed_runner_fails_its_job_with_a_reason_and_the_worker_lives_on(platform, kit, user):
    worker = platform.worker()
    job = submit(toolkit=kit, operation="slow", inputs={}, user=user)

    os.kill(begun(job).runner_pid, signal.SIGKILL)

    job = ended(job)
    assert job.state == JobState.FAILED
    assert "killed by SIGKILL" in job.reason
    after = ended(submit(toolkit=kit, operation="quick", inputs={}, user=user))
    assert after.state == JobState.SUCCEEDED
    assert worker.status is None


def test_the_job_of_a_killed_worker_is_lost_within_thirty_seconds(platform, kit, user):
    worker = platform.worker()
    platform.scheduler()
    job = submit(toolkit=kit, operation="slow", inputs={}, user=user)
    runner = begun(job).runner_pid

    worker.signal(signal.SIGKILL)

    job = ended(job, 30)
    assert job.state == JobState.LOST
    assert job.worker in job.reason
    until(lambda: gone(runner), 5, "the runner dies with its worker")


def gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_running_job_is_cancelled_when_asked(platform, kit, user):
    platform.worker()
    job = submit(toolkit=kit, operation="slow", inputs={}, user=user)
    begun(job)

    request_cancel(job, user)

    job = ended(job, 10)
    assert job.state == JobState.CANCELLED
