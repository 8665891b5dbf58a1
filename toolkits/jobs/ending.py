"""What the end of a job brings with it, whoever ends it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from toolbox import metrics
from toolbox.events import emit
from toolkits.jobs import job_secrets, limits, owed
from toolkits.jobs.states import JobState
from toolkits.jobs.waiting import announce
from toolkits.models import Job
from toolkits.notify import outbox


def end_waiting(
    job: Job, state: JobState, reason: str, sources: Iterable[JobState], **values: Any
) -> bool:
    """End a job that no worker holds, in the caller's transaction or one of its own; whether it
    still was in one of the states ``sources``."""
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, state__in=list(sources)).update(
            state=state,
            reason=reason[:500],
            finished_at=timezone.now(),
            waits_for="",
            **values,
        )
        if ended:
            settle(job, state, reason)
    return bool(ended)


def settle(job: Job, state: JobState, reason: str) -> None:
    """Record the end of a job whose row has just been written, in the same transaction."""
    limits.release(job, ended=True)
    outcome = "success" if state == JobState.SUCCEEDED else "failure"
    emit("job.ended", target=job, outcome=outcome, state=state, reason=reason)
    outbox.add(job, state)
    transaction.on_commit(lambda: _tell(job))
    transaction.on_commit(lambda: _measure(job, state))


def _measure(job: Job, state: JobState) -> None:
    metrics.count("toolbox_jobs_ended", job.toolkit_slug, job.operation, str(state))
    if job.started_at is not None:
        seconds = (timezone.now() - job.started_at).total_seconds()
        metrics.observe("toolbox_job_seconds", seconds, job.toolkit_slug, job.operation)


def _tell(job: Job) -> None:
    # A cleanup hook that is still to run gets the inputs of its job.
    if job_secrets.any_in(job.inputs) and not owed.pending(job):
        job_secrets.forget(job)
    announce(job.pk)
