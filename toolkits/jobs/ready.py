"""Putting a job on its queue, whatever it waited for until now."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from toolkits.jobs import owed, queues, turns
from toolkits.jobs.states import JobState
from toolkits.models import Job


def enqueue(job: Job) -> bool:
    """Call a worker for a queued job; whether Redis took the call."""
    return queues.call_worker(job.queue)


def make_ready(job: Job, source: JobState, **values: Any) -> bool:
    """Queue a job that waits in the state ``source``; whether it still waited there."""
    turn = turns.next_turn(job.queue, job.toolkit_slug)
    with transaction.atomic():
        waits_for = owed.key_of(job) if job.attempt and owed.pending(job) else ""
        moved = Job.objects.filter(pk=job.pk, state=source).update(
            state=JobState.QUEUED, turn=turn, waits_for=waits_for, **values
        )
        if moved and not waits_for:
            transaction.on_commit(lambda: enqueue(job))
    return bool(moved)
