"""Finds jobs that nobody works on: leases that are renewed no more, and jobs that are ready but
that no worker was called for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Count
from django.utils import timezone
from redis.exceptions import RedisError

from toolkits.jobs import deadlocks, limits, owed, queues
from toolkits.jobs.lease import Ending, end
from toolkits.jobs.ready import make_ready
from toolkits.jobs.states import ACTIVE, JobState
from toolkits.models import Job

log = logging.getLogger(__name__)

_BATCH = 200
_MOST_CALLS = 500

Seen = tuple[UUID, int]


class Reaper:
    """Ends jobs whose lease has stood still for as long as a lease lasts.

    It trusts no clock but the monotonic one of its own process: what counts is not the time that
    the lease names but that the row has not changed while it was watched. A stepped clock, or
    a worker whose clock is wrong, therefore loses no job. After the database was away, watching
    begins anew, because nobody could renew.
    """

    def __init__(self) -> None:
        self._seen: dict[Seen, tuple[object, float]] = {}

    def forget(self) -> None:
        """Begin to watch anew."""
        self._seen.clear()

    def reap(self) -> int:
        """End every job whose worker stopped renewing its lease; returns how many."""
        now, lasts = time.monotonic(), settings.TOOLKIT_JOB_LEASE_SECONDS
        watched: dict[Seen, tuple[object, float]] = {}
        count = 0
        for job in Job.objects.filter(state__in=ACTIVE).iterator(chunk_size=_BATCH):
            key = (job.pk, job.attempt)
            before = self._seen.get(key)
            if before is None or before[0] != job.lease_expires_at:
                watched[key] = (job.lease_expires_at, now)
            elif now - before[1] < lasts:
                watched[key] = before
            else:
                watched[key] = (job.lease_expires_at, now)
                count += _alone(_lose, job)
        self._seen = watched
        return count


def _alone(act: Callable[[Job], bool], job: Job) -> bool:
    """Do for one job what it needs. A row that cannot be dealt with is told, and keeps no other
    job from its turn; a database that is away is everybody's matter."""
    try:
        return act(job)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("job %s is in no state that could be dealt with", job.pk)
        return False


def _lose(job: Job) -> bool:
    reason = f"The worker {job.worker} stopped without finishing the job."
    with transaction.atomic():
        # A worker that renewed in this very moment has changed the row, and keeps its job.
        unchanged = Job.objects.filter(
            pk=job.pk, attempt=job.attempt, lease_expires_at=job.lease_expires_at
        )
        if unchanged.select_for_update().values_list("pk", flat=True).first() is None:
            return False
        ending = Ending(JobState.LOST, reason, exit_reason="worker_lost")
        lost = end(job, ending, None, **owed.facts(job))
    if lost:
        log.warning("job %s is lost: %s", job.pk, reason)
    return lost


reaper = Reaper()


def recover_lost() -> int:
    """End every job whose worker stopped renewing its lease; returns how many."""
    return reaper.reap()


def start_due() -> int:
    """Queue every job whose time has come; returns how many."""
    due = Job.objects.filter(state=JobState.SCHEDULED, not_before__lte=timezone.now())
    jobs = due.order_by("not_before")[:_BATCH]
    return sum(_alone(lambda one: make_ready(one, JobState.SCHEDULED), job) for job in jobs)


def sweep_queued() -> int:
    """Call workers for ready jobs that none was called for; returns how many calls were made.

    Compares, for each queue, the jobs that are ready with the calls that wait. A call too many
    is harmless: the worker that comes finds nothing to do.
    """
    limits.wake_all()
    deadlocks.break_all()
    ready = Job.objects.filter(state=JobState.QUEUED, waits_for="")
    called = 0
    for name, count in ready.order_by().values_list("queue").annotate(count=Count("pk")):
        try:
            missing = min(count, _MOST_CALLS) - queues.waiting_calls(name)
        except RedisError:
            return called
        if missing > 0 and queues.call_worker(name, missing):
            called += missing
    return called
