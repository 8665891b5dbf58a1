"""Who runs a job: the claim, the lease that a worker renews, and the end of an attempt.

Every write names the attempt that it belongs to and is refused once the row has moved on,
so that a worker that was thought dead cannot overwrite what came after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from toolbox.events import emit
from toolkits.jobs import job_secrets, logs
from toolkits.jobs.dispatch import enqueue
from toolkits.jobs.states import ACTIVE, JobState, sources
from toolkits.jobs.waiting import announce
from toolkits.models import Job, JobAttempt

_RETRIED = frozenset({JobState.FAILED, JobState.TIMED_OUT, JobState.LOST})


@dataclass
class Ending:
    """How an attempt ended. ``reason`` is for people; ``error`` is the runner's report."""

    state: JobState
    reason: str = ""
    result: Any = None
    error: dict[str, Any] | None = None


@dataclass
class Pulse:
    """What a worker reports with a renewal of its lease."""

    progress: tuple[int | None, int | None, str] | None = None
    lines: list[list[Any]] = field(default_factory=list)
    log_bytes: int = 0
    truncated: bool = False


def claim(job_id: str, worker: str) -> Job | None:
    """Move a queued job to running for ``worker``; None when somebody else did, or it ended."""
    now = timezone.now()
    with transaction.atomic():
        won = Job.objects.filter(pk=job_id, state=JobState.QUEUED).update(
            state=JobState.RUNNING,
            attempt=F("attempt") + 1,
            started_at=now,
            worker=worker,
            lease_expires_at=_lease(),
            progress_done=None,
            progress_total=None,
            progress_label="",
        )
        if not won:
            return None
        job = Job.objects.select_related("toolkit", "version", "requested_by").get(pk=job_id)
        JobAttempt.objects.create(
            job=job, number=job.attempt, worker=worker, version_label=job.version_label
        )
    return job


def _lease() -> Any:
    return timezone.now() + timedelta(seconds=settings.TOOLKIT_JOB_LEASE_SECONDS)


def renew(job: Job, pulse: Pulse) -> JobState | None:
    """Renew the lease and write what happened since the last renewal.

    Returns the job's state, by which the worker learns of a cancellation; None when this
    attempt no longer owns the job, and nothing was written.
    """
    values: dict[str, Any] = {"lease_expires_at": _lease()}
    if pulse.progress is not None:
        done, total, label = pulse.progress
        values |= {"progress_done": done, "progress_total": total, "progress_label": label[:200]}
    if pulse.lines:
        values |= _log_values(pulse)
    with transaction.atomic():
        owned = Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=ACTIVE)
        if not owned.update(**values):
            return None
        if pulse.lines:
            logs.append(job.pk, job.attempt, job.log_lines + 1, pulse.lines)
    job.log_lines += len(pulse.lines)
    job.log_bytes += pulse.log_bytes
    return JobState(Job.objects.values_list("state", flat=True).get(pk=job.pk))


def _log_values(pulse: Pulse) -> dict[str, Any]:
    values = {
        "log_lines": F("log_lines") + len(pulse.lines),
        "log_bytes": F("log_bytes") + pulse.log_bytes,
    }
    return {**values, "log_truncated": True} if pulse.truncated else values


def end(job: Job, ending: Ending) -> bool:
    """Write the end of the attempt, and queue the next one where the operation allows it.

    Returns whether this attempt still owned the job.
    """
    now = timezone.now()
    again = ending.state in _RETRIED and _may_retry(job)
    state = JobState.QUEUED if again else ending.state
    with transaction.atomic():
        mine = Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=sources(state))
        if not mine.update(
            state=state,
            reason=ending.reason[:500],
            result=ending.result,
            error=ending.error,
            finished_at=None if again else now,
            lease_expires_at=None,
            dispatched_at=None if again else F("dispatched_at"),
        ):
            return False
        job.attempts.filter(number=job.attempt).update(
            finished_at=now, outcome=ending.state, reason=ending.reason[:500]
        )
        if not again:
            emit("job.ended", target=job, outcome=_outcome(ending.state), state=ending.state)
    job.refresh_from_db()
    if again:
        enqueue(job)
    else:
        job_secrets.forget(job)
        announce(job.pk)
    return True


def _outcome(state: JobState) -> str:
    return "success" if state == JobState.SUCCEEDED else "failure"


def _may_retry(job: Job) -> bool:
    described = job.toolkit.operation(job.operation) if job.toolkit else None
    return bool(described) and job.attempt <= int(described.get("retries") or 0)
