"""Jobs that would wait for each other for ever: one of them is ended, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.factories import make_row, operation
from toolkits.jobs import children, claims, deadlocks, recovery
from toolkits.jobs.dispatch import Origin
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobLock, Toolkit

INPUTS = {
    "type": "object",
    "properties": {"db": {"type": "string"}},
    "additionalProperties": False,
}


@pytest.fixture
def kit(db: None) -> Toolkit:
    return make_row("kit", operations=[operation(inputs=INPUTS, locks=["db:{db}"])])


@pytest.fixture
def begin(ask: Any, kit: Toolkit, django_capture_on_commit_callbacks: Any) -> Any:
    """Request a job that locks ``db`` and claim it: ``begin("a", parent)`` → the job as it is."""

    def run(db: str, parent: Job | None = None, *, kit: Toolkit = kit) -> Job:
        if parent is not None:
            children.note_first(parent)
        job = ask(kit, inputs={"db": db}, origin=Origin(parent=parent))
        with django_capture_on_commit_callbacks(execute=True):
            claims.claim(job.pk, "w")
        job.refresh_from_db()
        return job

    return run


def test_the_child_that_closes_a_circle_is_ended_with_the_reason(begin):
    first, second = begin("a"), begin("b")
    waiting = begin("b", first)
    assert (waiting.state, waiting.waits_for) == (JobState.QUEUED, "lock:db:b")

    closing = begin("a", second)

    assert closing.state == JobState.CANCELLED
    assert "the lock db:a" in closing.reason
    assert str(first.pk) in closing.reason
    waiting.refresh_from_db()
    assert waiting.state == JobState.QUEUED


def test_what_is_left_goes_on_once_the_other_parent_has_failed(begin, finish):
    first, second = begin("a"), begin("b")
    waiting = begin("b", first)
    begin("a", second)

    finish(second, JobState.FAILED)

    assert claims.claim(waiting.pk, "w") is not None


def test_a_circle_through_grandchildren_and_three_parents_is_found(begin):
    tops = [begin(name) for name in "abc"]
    middle = begin("d", tops[0])
    waits = [begin("b", middle), begin("c", tops[1])]
    assert {job.state for job in waits} == {JobState.QUEUED}

    closing = begin("a", tops[2])

    assert closing.state == JobState.CANCELLED
    assert {Job.objects.get(pk=job.pk).state for job in waits} == {JobState.QUEUED}


def test_nobody_is_ended_who_waits_for_one_that_can_go_on(begin):
    first, second = begin("a"), begin("b")
    # A child that runs, and one that waits for somebody without children.
    begin("c", first)
    holder = begin("d")

    assert begin("b", first).state == JobState.QUEUED
    assert begin("d", second).state == JobState.QUEUED
    assert deadlocks.break_all() == 0
    assert holder.state == JobState.RUNNING


def test_one_of_several_holders_that_can_go_on_is_enough(begin, ask, kit):
    concurrency = {"limit": 2, "scope": "operation", "key": None, "on_conflict": "queue"}
    pair = make_row("pair", operations=[operation(inputs=INPUTS, concurrency=concurrency)])
    first = begin("a")
    stuck, free = begin("x", kit=pair), begin("y", kit=pair)
    begin("a", stuck)

    waiting = begin("z", first, kit=pair)

    assert (waiting.state, free.state) == (JobState.QUEUED, JobState.RUNNING)
    begin("a", free)
    # Now both holders wait for the first one's lock.
    waiting.refresh_from_db()
    ended = Job.objects.filter(state=JobState.CANCELLED)
    assert ended.count() == 1


def test_a_parent_that_is_asked_to_stop_counts_as_one_that_goes_on(begin):
    first, second = begin("a"), begin("b")
    begin("b", first)
    Job.objects.filter(pk=first.pk).update(state=JobState.CANCELLING)

    assert begin("a", second).state == JobState.QUEUED


def test_the_sweep_finds_what_two_began_at_the_same_moment(begin, valkey, monkeypatch):
    monkeypatch.setattr(deadlocks, "look_from", lambda job: 0)
    first, second = begin("a"), begin("b")
    waiting, closing = begin("b", first), begin("a", second)
    assert (waiting.state, closing.state) == (JobState.QUEUED, JobState.QUEUED)

    recovery.sweep_queued()

    states = {Job.objects.get(pk=job.pk).state for job in (waiting, closing)}
    assert states == {JobState.QUEUED, JobState.CANCELLED}
    assert deadlocks.break_all() == 0


def test_a_job_that_waits_behind_a_circle_is_left_alone(begin):
    first, second = begin("a"), begin("b")
    behind = begin("a")
    begin("b", first)
    begin("a", second)

    behind.refresh_from_db()
    assert behind.state == JobState.QUEUED


def test_a_job_that_waits_for_its_own_cleanup_hook_waits_for_nobody_else(begin, ask, kit):
    job = ask(kit, inputs={"db": "a"})
    key = f"cleanup:{job.pk}"
    Job.objects.filter(pk=job.pk).update(waits_for=key)
    JobLock.objects.create(key=key, slot=0, job=job)

    assert deadlocks.break_all() == 0
