"""Finds jobs that nobody works on: leases that ran out, and rows that RQ never heard of."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from toolkits.jobs.dispatch import enqueue
from toolkits.jobs.lease import Ending, end
from toolkits.jobs.states import ACTIVE, JobState
from toolkits.models import Job

log = logging.getLogger(__name__)

_FORGOTTEN_AFTER = timedelta(seconds=60)
_UNTOLD_AFTER = timedelta(seconds=5)
_BATCH = 200


def recover_lost() -> int:
    """End every job whose worker stopped renewing its lease; returns how many."""
    expired = Job.objects.filter(state__in=ACTIVE, lease_expires_at__lt=timezone.now())
    count = 0
    for job in expired.select_related("toolkit", "toolkit__active_version")[:_BATCH]:
        reason = f"The worker {job.worker} stopped without finishing the job."
        # The row is checked again by the conditional update: a worker that renewed in the
        # meantime still holds a lease in the future.
        if _still_expired(job) and end(job, Ending(JobState.LOST, reason)):
            log.warning("job %s is lost: %s", job.pk, reason)
            count += 1
    return count


def _still_expired(job: Job) -> bool:
    return Job.objects.filter(
        pk=job.pk, attempt=job.attempt, lease_expires_at__lt=timezone.now()
    ).exists()


def sweep_queued() -> int:
    """Tell RQ again about queued jobs that it never heard of or may have forgotten.

    Telling twice is harmless, because only one claim of a row succeeds.
    """
    now = timezone.now()
    untold = Q(dispatched_at=None, created_at__lt=now - _UNTOLD_AFTER)
    forgotten = Q(dispatched_at__lt=now - _FORGOTTEN_AFTER)
    queued = Job.objects.filter(state=JobState.QUEUED).filter(untold | forgotten)
    return sum(enqueue(job) for job in queued.order_by("id")[:_BATCH])
