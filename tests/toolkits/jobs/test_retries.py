"""Attempts that follow a failure, and running a job again by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from tests.support.factories import make_row, operation
from toolkits.errors import NotUsable
from toolkits.jobs import recovery, retries
from toolkits.jobs.rerun import run_again
from toolkits.jobs.states import JobState
from toolkits.models import Job


def test_a_failure_is_followed_by_as_many_attempts_as_the_operation_asks_for(ask, take, finish):
    job = ask(make_row(operations=[operation(retries=2, backoff={"initial": 0})]))

    for _ in range(3):
        finish(take(), JobState.FAILED, reason="no route")

    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert [attempt.outcome for attempt in job.attempts.all()] == ["failed"] * 3
    assert [attempt.reason for attempt in job.attempts.all()] == ["no route"] * 3
    assert take() is None
    retried = Event.objects.filter(name="job.retried", target_id=str(job.pk)).order_by("id")
    assert [event.details for event in retried] == [
        {"attempt": 2, "reason": "no route"}, {"attempt": 3, "reason": "no route"}
    ]  # fmt: skip


def test_a_retry_waits_for_its_backoff(ask, take, finish):
    job = ask(make_row(operations=[operation(retries=1, backoff={"initial": 100, "jitter": 0})]))
    finish(take(), JobState.FAILED)

    job.refresh_from_db()
    assert job.state == JobState.SCHEDULED
    assert 90 < (job.not_before - timezone.now()).total_seconds() <= 100
    assert recovery.start_due() == 0
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    assert recovery.start_due() == 1
    assert take().attempt == 2


def test_backoff_grows_to_its_maximum_and_is_spread():
    options = {"initial": 1, "factor": 2, "maximum": 60, "jitter": 0.5}

    waits = {
        attempt: [retries.backoff(options, attempt) for _ in range(200)] for attempt in (1, 4, 50)
    }

    assert all(0.5 <= wait <= 1 for wait in waits[1])
    assert all(4 <= wait <= 8 for wait in waits[4])
    assert all(30 <= wait <= 60 for wait in waits[50])
    assert len(set(waits[4])) > 100


@pytest.mark.parametrize(
    ("described", "state", "error", "again"),
    [
        ({"retries": 0}, JobState.FAILED, None, False),
        ({"retries": 1}, JobState.TIMED_OUT, None, True),
        ({"retries": 1}, JobState.CANCELLED, None, False),
        ({"retries": 1}, JobState.FAILED, {"kind": "invalid_inputs"}, False),
        ({"retries": 1}, JobState.FAILED, {"kind": "permanent"}, False),
        ({"retries": 5}, JobState.LOST, None, False),
        ({"idempotent": True}, JobState.LOST, None, True),
    ],
)
def test_what_is_tried_again(ask, take, finish, described, state, error, again):
    job = ask(make_row(operations=[operation(**described)]))

    finish(take(), state, error=error)

    job.refresh_from_db()
    assert job.is_finished != again


def test_what_was_cancelled_is_not_tried_again_even_if_it_failed(ask, take, finish, user):
    from toolkits.jobs.cancel import request_cancel

    job = ask(make_row(operations=[operation(retries=3)]))
    running = take()
    request_cancel(job, user)

    finish(running, JobState.FAILED)

    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_run_again_uses_the_same_inputs_with_changes_and_points_back(ask, take, finish, user):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
    job = ask(make_row(operations=[operation(inputs=schema)]), inputs={"a": 1, "b": 2})
    finish(take(), JobState.FAILED)
    job.refresh_from_db()

    again = run_again(job, user, {"b": 3}, resume=True)

    assert again.inputs == {"a": 1, "b": 3}
    assert again.rerun_of_id == job.pk
    assert again.resumes


def test_a_job_that_has_not_ended_is_not_resumed(ask, user):
    job = ask(make_row())

    with pytest.raises(NotUsable):
        run_again(job, user, {}, resume=True)


def test_a_later_run_waits_for_its_time(ask, take):
    later = timezone.now() + timedelta(hours=1)
    job = ask(make_row(), run_at=later)

    assert job.state == JobState.SCHEDULED
    assert take() is None
    Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
    recovery.start_due()
    assert take().pk == job.pk


AWAY = {"kind": "vault_away", "message": "Vault is sealed.", "errors": []}


def _due(job: Job) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=job.pk).update(not_before=past)
    assert recovery.start_due() == 1


def test_a_job_that_waits_for_vault_is_put_off_and_loses_no_retry(ask, take, finish):
    described = operation(on_vault_away="wait", retries=1, backoff={"initial": 0})
    job = ask(make_row(operations=[described]))
    for _ in range(3):
        finish(take(), JobState.FAILED, error=AWAY, exit_reason="vault_away")
        job.refresh_from_db()
        assert job.state == JobState.SCHEDULED
        _due(job)

    finish(take(), JobState.FAILED, exit_reason="failed")
    finish(take(), JobState.FAILED, exit_reason="failed")

    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.FAILED, 5)


def test_a_job_waits_for_vault_no_longer_than_it_may(ask, take, finish, settings):
    job = ask(make_row(operations=[operation(on_vault_away="wait")]))
    finish(take(), JobState.FAILED, error=AWAY, exit_reason="vault_away")
    _due(job)
    long_ago = timezone.now() - timedelta(seconds=settings.TOOLKIT_VAULT_WAIT_SECONDS)
    job.attempts.update(started_at=long_ago)

    finish(take(), JobState.FAILED, error=AWAY, exit_reason="vault_away")

    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.FAILED, 2)


def test_a_job_that_does_not_wait_for_vault_fails(ask, take, finish):
    job = ask(make_row(operations=[operation()]))

    finish(take(), JobState.FAILED, error=AWAY, exit_reason="vault_away")

    job.refresh_from_db()
    assert job.state == JobState.FAILED
