"""The cleanup hook after an attempt whose worker was lost: another worker runs it, once."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.support import until
from toolbox import secrets
from toolbox.secrets import SecretNotFound
from toolkits.jobs import claims, cleanups, limits, logs, owed, queues, recovery
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import submit
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt, ToolkitState
from toolkits.runtime.cleanup import run_cleanup
from toolkits.runtime.execute import run_job

LEAVING = """
@toolkit.operation(timeout=60)
def once(ctx: Context, host: str, password: Secret | None = None) -> int:
    ctx.log.info("attempt %d", ctx.job.attempt)
    ctx.sleep(30 if host == "slow" else 0)
    return ctx.job.attempt

@toolkit.operation(timeout=60, idempotent=True)
def again(ctx: Context, host: str) -> int:
    return once(ctx, host)

@toolkit.cleanup(timeout=2)
def tidy(ctx: Context) -> None:
    given, kind = ctx.failure.inputs, ctx.failure.kind
    ctx.log.info("tidying %s after attempt %d: %s", given["host"], ctx.job.attempt, kind)
    if given.get("password"):
        ctx.log.info("it knows a word of %d letters", len(given["password"]))
        ctx.log.info("the word is %s", given["password"])
    ctx.state.set("tidied", ctx.job.attempt)
    if given["host"] == "stuck":
        time.sleep(60)
"""


@pytest.fixture
def kit(install):
    return install(LEAVING, slug="leaving")


def texts(job: Job) -> list[str]:
    return [line.text for line in logs.read(job, 0, 500).lines]


def lost(kit: Any, user: Any, operation: str, **inputs: Any) -> JobAttempt:
    """A job whose worker vanished right after the claim; returns the attempt."""
    job = submit(toolkit=kit, operation=operation, inputs=inputs, user=user)
    assert claims.claim(job.pk, "gone") is not None
    recovery.reaper.reap()
    for key, (value, seen) in recovery.reaper._seen.items():
        recovery.reaper._seen[key] = (value, seen - 3600)
    assert recovery.reaper.reap() == 1
    return JobAttempt.objects.select_related("job").get(job=job)


def test_the_hook_of_a_killed_worker_is_run_by_another_with_the_secrets_of_the_job(
    platform, kit, user
):
    platform.env["TOOLKIT_JOB_LEASE_SECONDS"] = "4"
    platform.scheduler()
    worker = platform.worker("default")
    inputs = {"host": "slow", "password": "correct horse"}
    job = submit(toolkit=kit, operation="once", inputs=inputs, user=user)
    until(lambda: "attempt 1" in texts(job), 60, "it runs")

    worker.signal(signal.SIGKILL)
    platform.start("worker", "manage.py", "rqworker", "default")

    until(lambda: JobAttempt.objects.get(job=job).cleanup == "done", 60, "the hook has run")
    job.refresh_from_db()
    assert job.state == JobState.LOST
    said = texts(job)
    assert "tidying slow after attempt 1: lost" in said
    assert "it knows a word of 13 letters" in said
    assert "correct horse" not in " ".join(said)
    assert ToolkitState.objects.get(toolkit=kit, key="tidied").value == 1
    assert len(said) == job.log_lines

    def forgotten() -> bool:
        secrets.client.cache_clear()
        try:
            secrets.client().read(f"jobs/{job.pk}")
        except SecretNotFound:
            return True
        return False

    until(forgotten, 30, "its secrets are forgotten")


@pytest.mark.usefixtures("valkey")
@pytest.mark.django_db(transaction=True)
class TestInOneProcess:
    def test_a_job_that_goes_again_waits_for_the_hook_and_says_so(self, kit, user):
        attempt = lost(kit, user, "again", host="h")
        job = attempt.job
        assert (job.state, attempt.cleanup) == (JobState.QUEUED, owed.OWED)
        assert "cleanup hook" in limits.describe(job.waits_for)
        assert claims.claim_next("default", "w") is None
        recovery.sweep_queued()
        assert claims.claim_next("default", "w") is None

        run_cleanup(str(attempt.pk))
        run_job(str(job.pk))

        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.reason
        assert texts(job) == [
            "The cleanup hook runs.", "tidying h after attempt 1: lost", "attempt 2",
        ]  # fmt: skip
        assert [one.cleanup for one in job.attempts.all()] == ["done", ""]
        assert not job.held_locks.exists()

    def test_the_hook_runs_once(self, kit, user):
        attempt = lost(kit, user, "once", host="h")

        for _ in range(2):
            run_cleanup(str(attempt.pk))

        assert attempt.job.state == JobState.LOST
        assert texts(attempt.job).count("tidying h after attempt 1: lost") == 1

    def test_a_hook_over_its_time_is_ended_and_the_job_goes_on(self, kit, user):
        attempt = lost(kit, user, "again", host="stuck")

        run_cleanup(str(attempt.pk))

        attempt.refresh_from_db()
        assert attempt.cleanup == "timed_out"
        assert claims.claim_next("default", "w").pk == attempt.job_id

    def test_a_call_that_was_lost_is_made_again_by_the_sweep(self, kit, user, valkey):
        attempt = lost(kit, user, "once", host="h")
        valkey.client().flushall()

        assert cleanups.run_due() == 1

        assert queues.waiting_calls("default") == 1
        attempt.refresh_from_db()
        assert attempt.cleanup == owed.OWED

    def test_a_hook_whose_worker_dies_too_is_lost_and_the_job_goes_on(self, kit, user):
        attempt = lost(kit, user, "again", host="h")
        taken = cleanups.take(attempt.pk)
        assert taken is not None
        sweep = cleanups.Sweep()
        assert sweep() == 0
        sweep._seen = {pk: seen - 3600 for pk, seen in sweep._seen.items()}

        assert sweep() == 1

        attempt.refresh_from_db()
        assert attempt.cleanup == cleanups.LOST
        with pytest.raises(cleanups.Fenced), cleanups.fenced(taken):
            pass
        assert claims.claim_next("default", "w").pk == attempt.job_id

    def test_a_job_that_is_cancelled_while_it_waits_for_its_hook_is_still_tidied(self, kit, user):
        attempt = lost(kit, user, "again", host="h")
        request_cancel(attempt.job, user)

        run_cleanup(str(attempt.pk))

        attempt.refresh_from_db()
        assert attempt.cleanup == "done"
        assert attempt.job.state == JobState.CANCELLED
        assert ToolkitState.objects.get(key="tidied").value == 1
