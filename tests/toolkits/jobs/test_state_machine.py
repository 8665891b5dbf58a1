"""Two workers, the reaper, people who cancel and time itself, in any order: the job's row must
tell the truth throughout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.factories import make_job, make_row, make_user, operation
from toolkits import versions
from toolkits.errors import NotUsable
from toolkits.jobs import claims, lease, recovery
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.lease import Ending, Fenced, Pulse
from toolkits.jobs.states import ACTIVE, TERMINAL, TRANSITIONS, JobState
from toolkits.models import Job, JobAttempt, JobLog, JobStep

# What leads to another attempt is drawn more often, because it is where workers meet.
_OUTCOMES = [JobState.FAILED] * 3 + [JobState.TIMED_OUT, JobState.CANCELLED, JobState.SUCCEEDED]


class Interleavings(RuleBasedStateMachine):
    """Each worker acts on the job as it was when it claimed it, however long ago that is."""

    @initialize(retries=st.integers(0, 4), idempotent=st.booleans(), limited=st.booleans())
    def begin(self, retries: int, idempotent: bool, limited: bool) -> None:
        Job.objects.all().delete()
        versions.forget()
        described = operation(retries=retries, idempotent=idempotent, backoff={"initial": 0})
        self.toolkit = make_row(operations=[described])
        self.user = make_user()
        limits = [["lock:one", 1]] if limited else []
        self.job_id = make_job(self.toolkit, self.user, limits=limits).pk
        self.held: dict[str, Job | None] = {"a": None, "b": None}
        self.final: tuple[Any, ...] | None = None
        self.attempt = 0
        self.state = JobState.QUEUED

    def row(self) -> Job:
        return Job.objects.get(pk=self.job_id)

    def owns(self, job: Job) -> bool:
        row = self.row()
        return row.attempt == job.attempt and row.state in ACTIVE

    @rule(worker=st.sampled_from("ab"))
    def claim(self, worker: str) -> None:
        before = self.row()
        got = claims.claim_next("default", worker)
        assert (got is not None) == (before.state == JobState.QUEUED)
        if got is not None:
            assert got.attempt == before.attempt + 1
            self.held[worker] = got

    @precondition(lambda self: any(self.held.values()))
    @rule(worker=st.sampled_from("ab"), lines=st.integers(0, 3))
    def renew(self, worker: str, lines: int) -> None:
        job = self.held[worker]
        if job is None:
            return
        owned, before = self.owns(job), self.row()
        text = [[1.0, "INFO", worker, f"{job.attempt}"]] * lines
        state = lease.renew(job, Pulse(progress=(lines, 3, worker), lines=text, log_bytes=lines))
        assert (state is not None) == owned
        after = self.row()
        assert after.log_lines == before.log_lines + (lines if owned else 0)
        if not owned:
            assert after.lease_expires_at == before.lease_expires_at
            assert after.progress_label == before.progress_label

    @precondition(lambda self: any(self.held.values()))
    @rule(worker=st.sampled_from("ab"))
    def write_under_the_fence(self, worker: str) -> None:
        job = self.held[worker]
        if job is None:
            return
        owned = self.owns(job)
        try:
            with lease.fenced(job):
                JobStep.objects.get_or_create(
                    job=job, attempt=job.attempt, name="x", state="completed"
                )
            assert owned
        except Fenced:
            assert not owned

    @precondition(lambda self: any(self.held.values()))
    @rule(worker=st.sampled_from("ab"), outcome=st.sampled_from(_OUTCOMES))
    def end(self, worker: str, outcome: JobState) -> None:
        job = self.held[worker]
        if job is None:
            return
        owned, before = self.owns(job), self.row()
        wrote = lease.end(job, Ending(outcome, f"{worker} ended it", result=[worker, job.attempt]))
        assert wrote == owned
        if not owned:
            assert (self.row().state, self.row().reason) == (before.state, before.reason)

    @rule(now=st.sampled_from([True] + [False] * 4))
    def cancel(self, now: bool) -> None:
        if not now:
            return
        finished = self.row().is_finished
        try:
            request_cancel(self.row(), self.user)
            assert not finished
        except NotUsable:
            assert finished

    @rule()
    def worker_stops_renewing_for_a_lease(self) -> None:
        """The reaper sees the same lease twice, a lease's length apart."""
        active = self.row().state in ACTIVE
        recovery.reaper.reap()
        for key, (value, seen) in recovery.reaper._seen.items():
            recovery.reaper._seen[key] = (value, seen - 3600)
        assert recovery.reaper.reap() == (1 if active else 0)

    @rule()
    def time_passes(self) -> None:
        past = timezone.now() - timedelta(seconds=1)
        Job.objects.filter(pk=self.job_id, state=JobState.SCHEDULED).update(not_before=past)
        recovery.start_due()

    @invariant()
    def the_row_tells_the_truth(self) -> None:
        if not hasattr(self, "job_id"):
            return
        row = self.row()
        assert row.attempt >= self.attempt
        if self.final is not None:
            assert _final(row) == self.final
        elif row.state in TERMINAL:
            self.final = _final(row)
        self.attempt, self.state = row.attempt, JobState(row.state)

    @invariant()
    def each_attempt_is_told_once(self) -> None:
        if not hasattr(self, "job_id"):
            return
        row = self.row()
        attempts = list(JobAttempt.objects.filter(job=row))
        assert [attempt.number for attempt in attempts] == list(range(1, row.attempt + 1))
        running = [attempt.number for attempt in attempts if not attempt.outcome]
        assert running == ([row.attempt] if row.state in ACTIVE else [])
        if row.state == JobState.SUCCEEDED:
            assert row.result == [attempts[-1].worker, row.attempt]

    @invariant()
    def the_log_has_no_gap_and_no_line_of_a_stranger(self) -> None:
        if not hasattr(self, "job_id"):
            return
        expected = 1
        for chunk in JobLog.objects.filter(job_id=self.job_id).order_by("first_line"):
            assert chunk.first_line == expected
            assert {line[3] for line in chunk.lines} == {str(chunk.attempt)}
            expected += chunk.line_count
        assert self.row().log_lines == expected - 1

    @invariant()
    def locks_are_held_exactly_while_it_runs(self) -> None:
        if not hasattr(self, "job_id"):
            return
        row = self.row()
        held = row.held_locks.count()
        assert held == (len(row.limits) if row.state in ACTIVE else 0)


def _final(row: Job) -> tuple[Any, ...]:
    return row.state, row.reason, row.result, row.attempt, row.finished_at, row.log_lines


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_workers_are_called")
def test_no_interleaving_of_workers_reaper_and_cancellation_makes_the_row_lie():
    steps = settings(
        max_examples=50,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Interleavings, settings=steps)


@pytest.fixture
def _no_workers_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolkits.jobs.queues.call_worker", lambda name, times=1: True)
    monkeypatch.setattr("toolkits.jobs.ending.announce", lambda job_id: None)


def _row(state: JobState, user: Any) -> Job:
    extra: dict[str, Any] = {}
    if state == JobState.SCHEDULED:
        extra = {"not_before": timezone.now()}
    return make_job(make_row(), user, state=state, **extra)


@pytest.mark.parametrize("source", list(JobState))
@pytest.mark.parametrize("target", list(JobState))
def test_the_database_refuses_a_change_that_the_table_does_not_have(source, target, user):
    job = _row(source, user)
    now = timezone.now()
    values = {
        "state": target,
        "finished_at": now if target in TERMINAL else None,
        "lease_expires_at": now if target in ACTIVE else None,
        "not_before": now,
        "attempt": 1,
    }

    def change() -> None:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk).update(**values)

    if source == target or target in TRANSITIONS[source]:
        change()
    else:
        with pytest.raises(IntegrityError):
            change()


def test_the_database_refuses_an_attempt_that_counts_down(user):
    job = make_job(make_row(), user, attempt=3)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(attempt=2)


@pytest.mark.parametrize(
    "values",
    [
        {"state": JobState.SUCCEEDED, "finished_at": None},
        {"finished_at": timezone.now()},
        {"state": JobState.RUNNING, "attempt": 1, "lease_expires_at": None},
        {"lease_expires_at": timezone.now()},
        {"state": JobState.SCHEDULED},
        {"state": "done"},
    ],
)
def test_the_database_refuses_a_row_that_contradicts_itself(values, user):
    fields = {"finished_at": None, "state": JobState.QUEUED, **values}

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(toolkit_slug="kit", operation="x", title="x", **fields)


@pytest.mark.django_db(transaction=True)
def test_the_guards_outlive_a_migration_that_rebuilds_the_table(user):
    call_command("migrate", verbosity=0)
    job = make_job(make_row(), user, state=JobState.SUCCEEDED)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, finished_at=None)
