"""Jobs that nobody works on any more are found, whatever is wrong with another one."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from tests.support.factories import make_row, operation
from toolkits.jobs import recovery
from toolkits.jobs.states import JobState
from toolkits.models import Job


def _watched(jobs: list[Job]) -> recovery.Reaper:
    """A reaper that has watched these jobs for longer than a lease lasts."""
    reaper = recovery.Reaper()
    reaper.reap()
    reaper._seen = {key: (value, seen - 3600) for key, (value, seen) in reaper._seen.items()}
    assert {job.pk for job in jobs} <= {pk for pk, _ in reaper._seen}
    return reaper


@pytest.fixture
def running(ask, take) -> list[Job]:
    row = make_row(operations=[operation()])
    for _ in range(3):
        ask(row)
    return [take() for _ in range(3)]


def _failing_for(job: Job, act: Any, error: Exception) -> Any:
    def ending(one: Job, *args: Any, **kwargs: Any) -> Any:
        if one.pk == job.pk:
            raise error
        return act(one, *args, **kwargs)

    return ending


def test_a_job_that_cannot_be_ended_keeps_no_other_from_its_end(running, monkeypatch, caplog):
    odd, *others = running
    monkeypatch.setattr(recovery, "end", _failing_for(odd, recovery.end, ValueError("odd")))

    with caplog.at_level(logging.ERROR):
        assert _watched(running).reap() == 2

    assert str(odd.pk) in caplog.text
    for job in others:
        job.refresh_from_db()
        assert job.state == JobState.LOST


def test_a_database_that_is_away_is_not_the_matter_of_one_job(running, monkeypatch):
    away = OperationalError("server closed the connection")
    monkeypatch.setattr(recovery, "end", _failing_for(running[0], recovery.end, away))

    with pytest.raises(OperationalError):
        _watched(running).reap()


def test_a_job_that_cannot_be_queued_keeps_no_other_from_its_time(running, monkeypatch):
    odd, *others = running
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.update(state=JobState.SCHEDULED, not_before=past, lease_expires_at=None)
    failing = _failing_for(odd, recovery.make_ready, ValueError("odd"))
    monkeypatch.setattr(recovery, "make_ready", failing)

    assert recovery.start_due() == len(others)
