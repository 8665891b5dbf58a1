"""Asking that a job stops."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from toolbox.events import emit
from toolkits.errors import NotUsable
from toolkits.jobs import job_secrets
from toolkits.jobs.states import WAITING, JobState
from toolkits.jobs.waiting import announce
from toolkits.models import Job


def request_cancel(job: Job, user: Any) -> Job:
    """Cancel a waiting job at once, and ask a running one to stop.

    Returns the job as it then is. Asking twice is harmless; a job that has ended raises
    ``NotUsable``.
    """
    now = timezone.now()
    asked = {"cancel_requested_at": now, "cancel_requested_by": user}
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job.pk, state__in=WAITING).update(
            state=JobState.CANCELLED, finished_at=now, reason=_reason(user), **asked
        )
        running = 0
        if not waiting:
            running = Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(
                state=JobState.CANCELLING, **asked
            )
        if waiting or running:
            emit("job.cancel_requested", actor=user, target=job)
    job.refresh_from_db()
    if waiting:
        job_secrets.forget(job)
        announce(job.pk)
    elif not running and job.state != JobState.CANCELLING:
        raise NotUsable(f"The job has already ended: {job.get_state_display().lower()}.")
    return job


def withdraw(job: Job, user: Any, reason: str) -> bool:
    """Cancel a job that nobody has begun; returns False where a worker was faster."""
    now = timezone.now()
    with transaction.atomic():
        waiting = Job.objects.filter(pk=job.pk, state__in=WAITING).update(
            state=JobState.CANCELLED,
            reason=reason[:500],
            finished_at=now,
            cancel_requested_at=now,
            cancel_requested_by=user,
        )
        if not waiting:
            return False
        emit("job.cancel_requested", actor=user, target=job)
    job_secrets.forget(job)
    announce(job.pk)
    return True


def _reason(user: Any) -> str:
    return f"Cancelled by {user.username} before it started."[:500]
