"""Asking that a job stops."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from toolbox.events import emit
from toolkits.errors import NotUsable
from toolkits.jobs import approvals, children
from toolkits.jobs.ending import end_waiting
from toolkits.jobs.states import WAITING, JobState
from toolkits.models import Job


def request_cancel(job: Job, user: Any, reason: str = "") -> Job:
    """Cancel a waiting job at once, and ask a running one to stop, with all that it started.

    Returns the job as it then is. Asking twice is harmless; a job that has ended raises
    ``NotUsable``.
    """
    who = getattr(user, "username", "") or "the platform"
    asked = {"cancel_requested_at": timezone.now(), "cancel_requested_by": user}
    why = reason or f"Cancelled by {who} before it started."
    with transaction.atomic():
        waiting = end_waiting(job, JobState.CANCELLED, why, WAITING, **asked)
        if waiting and job.state == JobState.AWAITING_APPROVAL:
            approvals.void(job, "the job was cancelled")
        running = not waiting and Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(
            state=JobState.CANCELLING, **asked
        )
        if waiting or running:
            emit("job.cancel_requested", actor=user, target=job)
            children.cancel_unfinished(job, by=user)
    job.refresh_from_db()
    if not (waiting or running) and job.state != JobState.CANCELLING:
        raise NotUsable(
            gettext("The job has already ended: %(state)s.")
            % {"state": job.get_state_display().lower()}
        )
    return job


def withdraw(job: Job, user: Any, reason: str) -> bool:
    """Cancel a job that nobody has begun; returns False where a worker was faster."""
    asked = {"cancel_requested_at": timezone.now(), "cancel_requested_by": user}
    with transaction.atomic():
        waiting = end_waiting(job, JobState.CANCELLED, reason, WAITING, **asked)
        if waiting:
            emit("job.cancel_requested", actor=user, target=job)
    return waiting
