"""Deletes jobs, logs and files that are past their keeping, a bounded batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from toolbox.events import emit
from toolbox.ids import uuid7_floor
from toolkits.jobs import artifacts, job_secrets
from toolkits.jobs.states import TERMINAL
from toolkits.models import Job, JobArtifact, JobLog

_BATCH = 500
_MOST_BATCHES = 20


def prune_due() -> int:
    """Delete what is due; returns how many rows went. What is left over goes the next time."""
    return sum(
        _in_batches(prune)
        for prune in (_old_artifacts, _old_logs, _old_jobs, _superfluous_jobs)
    )


def _in_batches(prune: Callable[[], int]) -> int:
    total = 0
    for _ in range(_MOST_BATCHES):
        gone = prune()
        total += gone
        if gone < _BATCH:
            break
    return total


def _cut_off(days: int) -> UUID | None:
    """The smallest id that a job has which is younger than so many days; None to keep all."""
    return uuid7_floor(timezone.now() - timedelta(days=days)) if days else None


def _old_jobs() -> int:
    before = _cut_off(settings.TOOLKIT_JOB_RETENTION_DAYS)
    if before is None:
        return 0
    # A job that has not ended is not old, whatever its age.
    due = Job.objects.filter(id__lt=before, state__in=TERMINAL, children__isnull=True)
    return _delete_jobs(due.order_by("id").values_list("id", flat=True)[:_BATCH])


def _superfluous_jobs() -> int:
    """Delete the oldest jobs of operations that have more than are kept."""
    most = settings.TOOLKIT_JOB_RETENTION_COUNT
    if not most:
        return 0
    counts = Job.objects.order_by().values("toolkit_slug", "operation").annotate(count=Count("pk"))
    many = counts.filter(count__gt=most).values_list("toolkit_slug", "operation")
    total = 0
    for slug, operation in many:
        ended = Job.objects.filter(
            toolkit_slug=slug, operation=operation, state__in=TERMINAL, children__isnull=True
        )
        newest = Job.objects.filter(toolkit_slug=slug, operation=operation).order_by("-id")
        last_kept = newest.values_list("id", flat=True)[most - 1 : most].first()
        if last_kept is None:
            continue
        due = ended.filter(id__lt=last_kept).order_by("id")
        total += _delete_jobs(due.values_list("id", flat=True)[: _BATCH - total])
        if total >= _BATCH:
            break
    return total


def _delete_jobs(found: Iterable[UUID]) -> int:
    ids = list(found)
    if not ids:
        return 0
    files = list(JobArtifact.objects.filter(job_id__in=ids).values_list("stored_as", flat=True))
    for job in Job.objects.filter(pk__in=ids).only("id", "inputs"):
        # In case Vault was away when the job ended.
        job_secrets.forget(job)
    with transaction.atomic():
        Job.objects.filter(pk__in=ids).delete()
        emit("job.pruned", jobs=len(ids), artifacts=len(files))
    # Files after rows: a crash in between leaves files that nobody sees, not rows without.
    for stored_as in files:
        artifacts.discard(stored_as)
    return len(ids)


def _old_logs() -> int:
    before = _cut_off(settings.TOOLKIT_LOG_RETENTION_DAYS)
    if before is None:
        return 0
    due = JobLog.objects.filter(job_id__lt=before, job__state__in=TERMINAL)
    ids = list(due.order_by("job_id").values_list("id", flat=True)[:_BATCH])
    if ids:
        with transaction.atomic():
            JobLog.objects.filter(pk__in=ids).delete()
            emit("job.pruned", logs=len(ids))
    return len(ids)


def _old_artifacts() -> int:
    before = _cut_off(settings.TOOLKIT_ARTIFACT_RETENTION_DAYS)
    if before is None:
        return 0
    due = JobArtifact.objects.filter(job_id__lt=before, job__state__in=TERMINAL)
    found = dict(due.order_by("job_id").values_list("id", "stored_as")[:_BATCH])
    if found:
        with transaction.atomic():
            JobArtifact.objects.filter(pk__in=found).delete()
            emit("job.pruned", artifacts=len(found))
        for stored_as in found.values():
            artifacts.discard(stored_as)
    return len(found)
