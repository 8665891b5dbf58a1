"""Jobs without workers: what the engine's rules do to rows."""

from __future__ import annotations

from typing import Any

import pytest

from toolkits.jobs import claims, lease
from toolkits.jobs.dispatch import submit
from toolkits.jobs.lease import Ending
from toolkits.jobs.states import JobState
from toolkits.models import Job


class Calls(list[str]):
    """The queues for which workers were called, in order."""


@pytest.fixture(autouse=True)
def called(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """No Redis: calls for workers are kept, and announcements go nowhere."""
    calls = Calls()

    def call_worker(name: str, times: int = 1) -> bool:
        calls.extend([name] * times)
        return True

    monkeypatch.setattr("toolkits.jobs.queues.call_worker", call_worker)
    monkeypatch.setattr("toolkits.jobs.ending.announce", lambda job_id: None)
    return calls


@pytest.fixture
def ask(user: Any, django_capture_on_commit_callbacks: Any) -> Any:
    """Request a run: ``ask(toolkit, operation, inputs, **options)``; commits at once."""

    def run(toolkit: Any, operation: str = "hello", inputs: Any = None, **options: Any) -> Job:
        with django_capture_on_commit_callbacks(execute=True):
            return submit(
                toolkit=toolkit,
                operation=operation,
                inputs=inputs or {},
                user=options.pop("user", user),
                **options,
            )

    return run


@pytest.fixture
def take(django_capture_on_commit_callbacks: Any) -> Any:
    """Claim the next job of a queue: ``take()`` → job or None."""

    def run(queue: str = "default", worker: str = "w") -> Job | None:
        with django_capture_on_commit_callbacks(execute=True):
            return claims.claim_next(queue, worker)

    return run


@pytest.fixture
def finish(django_capture_on_commit_callbacks: Any) -> Any:
    """End a claimed job: ``finish(job, state, **ending)`` → whether it was still owned."""

    def run(job: Job, state: JobState = JobState.SUCCEEDED, **ending: Any) -> bool:
        with django_capture_on_commit_callbacks(execute=True):
            return lease.end(job, Ending(state, **ending))

    return run
