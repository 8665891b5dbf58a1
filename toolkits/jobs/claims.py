"""Which job a worker runs next, and the claim by which it alone gets it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from toolbox import metrics
from toolkits import versions
from toolkits.jobs import approvals, deadlocks, limits
from toolkits.jobs.lease import lease_end
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt

# One round trip instead of five (``functions.py``).
_CLAIM = "SELECT * FROM toolkits_claim_next(%(queue)s, %(worker)s, %(now)s, %(lease)s)"


def claim_next(queue: str, worker: str) -> Job | None:
    """Claim the job of ``queue`` whose turn it is; None when none is ready."""
    if connection.vendor == "postgresql":
        values = {"queue": queue, "worker": worker, "now": timezone.now(), "lease": lease_end()}
        for job in Job.objects.raw(_CLAIM, values):
            return _measured(job)
    return _claim_first(Job.objects.filter(queue=queue), worker)


def claim_one_of(job_ids: Iterable[UUID], worker: str) -> Job | None:
    """Claim the first of these jobs that is ready, whatever its queue."""
    return _claim_first(Job.objects.filter(pk__in=list(job_ids)), worker)


def claim(job_id: UUID | str, worker: str) -> Job | None:
    """Claim this job; None when somebody else did, or it is not ready or has ended."""
    return claim_one_of([UUID(str(job_id))], worker)


def _claim_first(candidates: QuerySet[Job], worker: str) -> Job | None:
    ready = candidates.filter(state=JobState.QUEUED, waits_for="").order_by("turn", "id")
    while True:
        with transaction.atomic():
            # Rows that another worker looks at are passed over, not waited for.
            job = ready.select_for_update(skip_locked=True).first()
            if job is None:
                return None
            if _may_run(job):
                return _start(job, worker)
        if job.waits_for:
            # Whoever held it may have let go before our row said that it waits.
            limits.wake([job.waits_for, *(key for key, _ in job.limits)])
            deadlocks.look_from(job)


def _may_run(job: Job) -> bool:
    """Whether the job gets everything that it needs; else its row now says why not."""
    described = versions.operation_of(job)
    if approvals.needs_approval(described, dry_run=job.dry_run) and not approvals.still_valid(job):
        approvals.fail_void(job)
        return False
    if taken := limits.acquire(job):
        Job.objects.filter(pk=job.pk).update(waits_for=taken)
        job.waits_for = taken
        return False
    return True


def _start(job: Job, worker: str) -> Job:
    values: dict[str, Any] = {
        "state": JobState.RUNNING,
        "attempt": job.attempt + 1,
        "started_at": timezone.now(),
        "worker": worker,
        "lease_expires_at": lease_end(),
        "progress_done": None,
        "progress_total": None,
        "progress_label": "",
    }
    # The condition is what makes the claim exclusive on a database without row locks.
    if not Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(**values):
        raise RuntimeError(f"job {job.pk} was claimed twice in one transaction")
    for name, value in values.items():
        setattr(job, name, value)
    JobAttempt.objects.create(
        job=job,
        number=job.attempt,
        worker=worker,
        version_label=job.version_label,
        started_at=values["started_at"],
        first_line=job.log_lines + 1,
    )
    return _measured(job)


def _measured(job: Job) -> Job:
    assert job.started_at is not None
    waited = (job.started_at - job.created_at).total_seconds()
    metrics.observe("toolbox_job_wait_seconds", waited, job.queue)
    return job
