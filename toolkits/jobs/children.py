"""Jobs that other jobs started. A child never outlives the attempt that waits for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from toolkits.jobs.ending import end_waiting
from toolkits.jobs.states import UNFINISHED, WAITING, JobState
from toolkits.models import Job


def unfinished_below(job: Job) -> list[Job]:
    """Every unfinished job below ``job``, whatever its depth."""
    found: list[Job] = []
    layer: list[UUID] = [job.pk]
    while layer:
        children = list(Job.objects.filter(parent_id__in=layer))
        found.extend(child for child in children if child.state in UNFINISHED)
        layer = [child.pk for child in children if child.has_children]
    return found


def cancel_unfinished(job: Job, by: Any = None) -> int:
    """Cancel what waits below ``job`` and ask what runs to stop; returns how many."""
    return sum(_cancel(child, by) for child in unfinished_below(job))


def _cancel(child: Job, by: Any) -> bool:
    asked = {"cancel_requested_at": timezone.now(), "cancel_requested_by": by}
    reason = "The job that started it was stopped or has ended."
    if end_waiting(child, JobState.CANCELLED, reason, WAITING, **asked):
        return True
    running = Job.objects.filter(pk=child.pk, state=JobState.RUNNING)
    return bool(running.update(state=JobState.CANCELLING, **asked))


def note_first(job: Job) -> None:
    """Note on a job's row that it has children, once."""
    if not job.has_children:
        Job.objects.filter(pk=job.pk).update(has_children=True)
        job.has_children = True
