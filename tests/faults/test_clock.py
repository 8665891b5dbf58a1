"""Wall clocks that are set forward and back under running jobs: nobody loses a job by it."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.faults.conftest import SHORT_LEASE, ended
from tests.support import stepped_clock, until
from toolkits import scheduling
from toolkits.jobs.states import JobState
from toolkits.models import JobAttempt, SchedulerLease
from toolkits.scheduling import Leadership

_HOUR = 3600.0


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """The file by which the clocks of ``with_clock`` are set."""
    return tmp_path / "clock"


def with_clock(platform, clock: Path, name: str, *command: str):
    return platform.start(name, "-m", "tests.support.stepped_clock", str(clock), *command)


def test_a_clock_that_is_set_under_running_jobs_loses_none_and_runs_none_twice(
    platform, clock, witness, witnessed, ask
):
    platform.env.update(SHORT_LEASE)
    # The scheduler's clock stays right, so that it and the workers' are an hour apart, too.
    platform.scheduler()
    worker = with_clock(platform, clock, "worker", "rqworker", "default")
    job = ask(witnessed, "once", port=witness.port, seconds=6)
    until(lambda: witness.visits(job.pk), 60, "the job runs")

    stepped_clock.set_by(clock, _HOUR)
    until(lambda: _lines(job) > 30, 60, "it goes on")
    stepped_clock.set_by(clock, -_HOUR)

    job = ended(job)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1), job.reason
    assert [visit.done for visit in witness.visits(job.pk)] == [True]
    assert witness.together == []
    assert worker.status is None


def _lines(job) -> int:
    job.refresh_from_db()
    return int(job.log_lines)


@pytest.mark.long
def test_the_job_of_a_worker_that_dies_is_found_whatever_its_clock_said(
    platform, clock, witness, witnessed, ask
):
    """Its lease seems to run for another hour."""
    platform.env.update(SHORT_LEASE)
    platform.scheduler()
    stepped_clock.set_by(clock, _HOUR)
    worker = with_clock(platform, clock, "worker", "rqworker", "default")
    job = ask(witnessed, "once", port=witness.port, seconds=60)
    until(lambda: JobAttempt.objects.filter(job=job).exists(), 60, "it is claimed")

    worker.signal(signal.SIGKILL)

    job = ended(job)
    assert job.state == JobState.LOST
    assert worker.wait() == -signal.SIGKILL


@pytest.mark.django_db
class TestLeadership:
    def test_the_lease_of_a_dead_scheduler_is_taken_though_the_clock_was_set_back(
        self, monkeypatch
    ):
        left = timezone.now() + timedelta(hours=1)
        SchedulerLease.objects.create(name="scheduler", holder="dead", expires_at=left)
        heir, moment = Leadership("heir"), [100.0]
        monkeypatch.setattr(scheduling.time, "monotonic", lambda: moment[0])

        assert not heir.hold()
        moment[0] += 5
        assert not heir.hold()
        moment[0] += 6
        assert heir.hold()
        assert SchedulerLease.objects.get().holder == "heir"

    def test_a_lease_that_is_renewed_is_left_alone(self, monkeypatch):
        holder, other, moment = Leadership("holder"), Leadership("other"), [100.0]
        monkeypatch.setattr(scheduling.time, "monotonic", lambda: moment[0])

        for _ in range(5):
            assert holder.hold()
            assert not other.hold()
            moment[0] += 6

    def test_a_lease_that_is_given_back_is_free_at_once(self):
        first, second = Leadership("first"), Leadership("second")
        assert first.hold()

        first.release()

        assert second.hold()
        assert not first.hold()


@pytest.mark.django_db
def test_a_task_of_the_scheduler_that_fails_ends_no_other(monkeypatch):
    done: list[str] = []

    def broken() -> int:
        raise ValueError("a mistake")

    def fine() -> int:
        done.append("fine")
        return 1

    monkeypatch.setattr(scheduling, "TASKS", [(broken, 1.0), (fine, 1.0)])

    scheduling.Timetable().run_due(10.0)

    assert done == ["fine"]
