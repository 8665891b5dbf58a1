"""Workers and runners killed and stopped at random moments over many jobs."""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest

from tests.faults.chaos import Chaos
from tests.faults.conftest import SHORT_LEASE, ended, texts
from toolkits.jobs.states import TERMINAL, JobState
from toolkits.models import Job, JobLock

_SEED = int(os.environ.get("FAULT_SEED", "20260"))


@pytest.mark.parametrize(
    ("count", "strikes", "longest_stop"),
    [(30, 8, 1.0), pytest.param(200, 80, 7.0, marks=pytest.mark.long)],
)
@pytest.mark.timeout(900)
def test_whatever_is_killed_or_stopped_every_job_ends_truly_and_none_runs_twice_at_once(
    platform, witness, witnessed, ask, count, strikes, longest_stop
):
    platform.env.update(SHORT_LEASE)
    platform.scheduler()
    chaos = Chaos(platform, _SEED, longest_stop)
    jobs = [
        ask(witnessed, "once" if number % 3 == 0 else "again", port=witness.port, seconds=0.3)
        for number in range(count)
    ]

    _strike_until_done(chaos, jobs, strikes)

    jobs = [ended(job, 120) for job in jobs]
    print(f"seed {_SEED}, {len(chaos.strikes)} strikes: {Counter(_kinds(chaos))}")
    print(Counter(f"{job.operation} {job.state}" for job in jobs), _attempts(jobs))
    assert witness.together == [], chaos.strikes
    for job in jobs:
        _assert_true(job, witness.visits(job.pk))
    assert not JobLock.objects.exists()
    after = ended(ask(witnessed, "once", port=witness.port, seconds=0.1))
    assert after.state == JobState.SUCCEEDED, after.reason


def _strike_until_done(chaos: Chaos, jobs: list[Job], strikes: int) -> None:
    ids = [job.pk for job in jobs]
    deadline, next_strike = time.monotonic() + 600, time.monotonic()
    while Job.objects.filter(pk__in=ids).exclude(state__in=TERMINAL).exists():
        assert time.monotonic() < deadline, chaos.strikes
        if time.monotonic() >= next_strike and len(chaos.strikes) < strikes:
            chaos.strike()
            next_strike = time.monotonic() + chaos.pause()
        chaos.tend()
        time.sleep(0.05)
    chaos.calm()


def _assert_true(job: Job, visits: list) -> None:
    """What the rows say is what the witness saw."""
    attempts = list(job.attempts.all())
    assert [one.number for one in attempts] == list(range(1, job.attempt + 1))
    assert all(one.outcome and one.finished_at for one in attempts)
    assert attempts[-1].outcome == job.state
    assert len(texts(job)) == job.log_lines
    seen = [visit.attempt for visit in visits]
    assert len(seen) == len(set(seen)), "an attempt began twice"
    if job.state == JobState.SUCCEEDED:
        assert job.result["data"] == job.attempt
        assert visits[-1].attempt == job.attempt
        assert visits[-1].done
    if job.operation == "again":
        assert job.state == JobState.SUCCEEDED, job.reason
    else:
        assert job.attempt == 1
        assert job.state in {JobState.SUCCEEDED, JobState.FAILED, JobState.LOST}
        assert job.state == JobState.SUCCEEDED or job.reason


def _kinds(chaos: Chaos) -> list[str]:
    return [strike.rpartition(" ")[0] for strike in chaos.strikes]


def _attempts(jobs: list[Job]) -> str:
    return f"{sum(job.attempt for job in jobs)} attempts"
