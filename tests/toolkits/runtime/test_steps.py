"""Steps are recorded, and a later attempt or run does not repeat what was completed."""

from __future__ import annotations

import pytest

from tests.support.kits import run_here
from toolkits.jobs import steps
from toolkits.jobs.rerun import run_again
from toolkits.jobs.states import JobState
from toolkits.models import Job
from toolkits.runtime.execute import run_job

DRAIN = """
@toolkit.operation(retries=1, backoff=Backoff(initial=0.001))
def drain(ctx: Context, hosts: list[str], bad: str = "") -> dict[str, Any]:
    done = []
    def one(host: str) -> str:
        if host == bad and ctx.job.attempt == 1:
            raise ToolkitError(f"{host} is away")
        done.append(host)
        return host.upper()
    with ctx.step("prepare") as step:
        if not step.done:
            step.value = {"token": ctx.job.attempt}
    values = ctx.each("drain", hosts, one, on_error="continue")
    return {"values": values, "done": done, "token": step.value["token"]}

@toolkit.operation()
def once(ctx: Context, hosts: list[str], bad: str = "") -> list[str]:
    done = []
    def one(host: str) -> None:
        if host == bad:
            raise ToolkitError(f"{host} is away")
        done.append(host)
    ctx.each("drain", hosts, one)
    return done
"""


@pytest.fixture
def kit(install):
    return install("from toolkit_sdk import Backoff\n" + DRAIN, slug="drain")


pytestmark = pytest.mark.usefixtures("valkey")


def test_a_second_attempt_does_the_failed_items_alone(kit, user):
    job = run_here(kit, user, "drain", {"hosts": ["a", "b", "c"], "bad": "b"})
    assert job.state == JobState.SCHEDULED, job.reason
    assert "b is away" in job.reason
    Job.objects.filter(pk=job.pk).update(state="queued")

    run_job(str(job.pk))

    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"] == {"values": ["A", "B", "C"], "done": ["b"], "token": 1}
    told = [(step.name, step.key, step.state) for step in steps.timeline(job)]
    assert told == [
        ("prepare", "", "skipped"),
        ("drain", "a", "skipped"),
        ("drain", "b", "completed"),
        ("drain", "c", "skipped"),
    ]
    first = job.steps.filter(attempt=1)
    assert {(step.key, step.state, step.message) for step in first if step.name == "drain"} == {
        ("a", "completed", ""), ("b", "failed", "b is away"), ("c", "completed", ""),
    }  # fmt: skip


def test_a_run_that_resumes_goes_on_after_the_last_completed_step(kit, user):
    job = run_here(kit, user, "once", {"hosts": ["a", "b", "c"], "bad": "b"})
    assert job.state == JobState.FAILED

    again = run_again(job, user, {"bad": ""}, resume=True)
    run_job(str(again.pk))

    again.refresh_from_db()
    assert again.result["data"] == ["b", "c"]


def test_a_run_that_does_not_resume_does_everything(kit, user):
    job = run_here(kit, user, "once", {"hosts": ["a", "b"], "bad": "b"})

    again = run_again(job, user, {"bad": ""})
    run_job(str(again.pk))

    again.refresh_from_db()
    assert again.result["data"] == ["a", "b"]
