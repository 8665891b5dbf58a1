"""What differs between two runs, and what changed since an operation last worked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.support.factories import make_job, make_row
from toolkits.jobs import compare, job_secrets
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt


@pytest.fixture
def kit(db):
    return make_row("kit")


def ran(kit: Any, state: JobState = JobState.SUCCEEDED, seconds: float = 1, **fields: Any) -> Job:
    """A run that has ended, with its attempt."""
    used, sdk = fields.pop("used", {}), fields.pop("sdk", "1.0")
    job = make_job(kit, state=state, **fields)
    now = timezone.now()
    JobAttempt.objects.create(
        job=job, number=1, worker=job.worker, version_label=job.version_label, outcome=state,
        started_at=now - timedelta(seconds=seconds), finished_at=now, surroundings=used, sdk=sdk,
    )  # fmt: skip
    return job


def told(job: Job) -> dict[tuple[str, str], tuple[Any, Any]]:
    found = compare.since_it_worked(job)
    assert found is not None
    return {(one.kind, one.name): (one.before, one.after) for one in found.differences}


def test_everything_that_the_platform_knows_of_is_compared(kit):
    old = {"settings": {"url": "a", "same": "s"}, "secrets": {"kit/db": 3}}
    ran(kit, inputs={"host": "a", "port": 1}, used=old, worker="w1", seconds=2)
    new = {"settings": {"url": "b", "same": "s"}, "secrets": {"kit/db": 4}}
    bad = ran(
        kit, JobState.FAILED, inputs={"host": "b", "port": 1}, used=new, worker="w2", seconds=9,
        sdk="1.1",
    )  # fmt: skip

    assert told(bad) == {
        ("input", "host"): ("a", "b"),
        ("setting", "url"): ("a", "b"),
        ("secret", "kit/db"): (3, 4),
        ("worker", "worker"): ("w1", "w2"),
        ("sdk", "sdk"): ("1.0", "1.1"),
        ("duration", "seconds"): (2.0, 9.0),
    }


def test_a_version_is_told_by_its_number_and_else_by_its_installation(kit):
    good = ran(kit)
    other = make_row("kit2").active_version
    bad = ran(kit, JobState.FAILED)
    Job.objects.filter(pk=bad.pk).update(version=other)
    bad.refresh_from_db()
    assert told(bad) == {
        ("version", "installation"): (good.version_id, other.pk)
    }

    bad.version_label = "2.0.0"

    assert told(bad) == {("version", "version"): ("1.0.0", "2.0.0")}


def test_what_one_run_did_not_use_is_no_difference(kit):
    ran(kit, used={"settings": {"url": "a"}, "secrets": {"kit/db": 3}})

    assert told(ran(kit, JobState.FAILED, used={"settings": {"other": "b"}})) == {}


def test_the_last_success_with_equal_inputs_is_preferred(kit):
    same = ran(kit, inputs={"host": "a"})
    other = ran(kit, inputs={"host": "b"})
    ran(kit, JobState.FAILED, inputs={"host": "a"})
    bad = ran(kit, JobState.FAILED, inputs={"host": "a"})
    strange = ran(kit, JobState.FAILED, inputs={"host": "c"})

    assert compare.last_success(bad) == same
    assert compare.last_success(strange) == other


def test_neither_later_runs_nor_dry_runs_nor_other_operations_count(kit):
    ran(kit, dry_run=True)
    ran(kit, operation="other")
    bad = ran(kit, JobState.FAILED)
    ran(kit)

    assert compare.last_success(bad) is None
    assert compare.since_it_worked(bad) is None


def test_it_looks_only_among_the_runs_that_it_is_given(kit):
    ran(kit)
    bad = ran(kit, JobState.FAILED)

    assert compare.last_success(bad, Job.objects.none()) is None


def test_secret_inputs_are_neither_compared_nor_shown(kit):
    for state, path in ((JobState.SUCCEEDED, "jobs/1"), (JobState.FAILED, "jobs/2")):
        bad = ran(kit, state, inputs={"password": {job_secrets.MARK: path}})

    found = compare.since_it_worked(bad)

    assert found.differences == []
    assert found.secret_inputs
