"""Steps that a job records, and which of them a later attempt need not do again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from toolkits.models import Job, JobStep, StepState

_MOST = 10_000
#: What another run need not do again.
DONE = frozenset({StepState.COMPLETED, StepState.SKIPPED})
_LONGEST_CHAIN = 50


class TooMany(ValueError):
    """The job has recorded as many steps as are kept."""


def begin(job: Job, name: str, key: str) -> JobStep:
    """Record that the present attempt begins a step.

    Its state is ``skipped``, with the value of then, where an earlier attempt of this job, or of
    the runs that it resumes, completed it.
    """
    if JobStep.objects.filter(job=job, attempt=job.attempt).count() >= _MOST:
        raise TooMany(f"A job records at most {_MOST:,} steps.")
    now = timezone.now()
    earlier = _completed(job, name, key)
    values: dict[str, Any] = {
        "state": StepState.SKIPPED if earlier else StepState.RUNNING,
        "value": earlier.value if earlier else None,
        "started_at": now,
        "finished_at": now if earlier else None,
        "message": "",
    }
    step, _ = JobStep.objects.update_or_create(
        job=job, attempt=job.attempt, name=name, key=key, defaults=values
    )
    return step


def end(job: Job, name: str, key: str, *, ok: bool, value: Any, message: str) -> None:
    """Record how a step of the present attempt ended."""
    JobStep.objects.filter(job=job, attempt=job.attempt, name=name, key=key).update(
        state=StepState.COMPLETED if ok else StepState.FAILED,
        value=value,
        message=message[:500],
        finished_at=timezone.now(),
    )


def fail_running(job: Job) -> None:
    """Mark steps that the attempt never ended, because it was stopped in one."""
    JobStep.objects.filter(job=job, attempt=job.attempt, state=StepState.RUNNING).update(
        state=StepState.FAILED, message="The attempt ended in it.", finished_at=timezone.now()
    )


def _completed(job: Job, name: str, key: str) -> JobStep | None:
    if job.attempt == 1 and not job.resumes:
        return None
    found = JobStep.objects.filter(job_id__in=_chain(job), name=name, key=key)
    done = found.filter(state__in=[StepState.COMPLETED, StepState.SKIPPED])
    return done.order_by("-id").first()


def _chain(job: Job) -> list[UUID]:
    """The job, and the runs before it that it resumes."""
    ids, current = [job.pk], job
    while current.resumes and current.rerun_of is not None and len(ids) < _LONGEST_CHAIN:
        current = current.rerun_of
        ids.append(current.pk)
    return ids


def any_completed(job: Job) -> bool:
    """Whether there are steps of the job that another run need not do again."""
    return JobStep.objects.filter(job=job, state__in=DONE).exists()


def timeline(job: Job) -> list[JobStep]:
    """The steps of the newest attempt that recorded any, in their order."""
    newest = JobStep.objects.filter(job=job).order_by("-attempt").first()
    if newest is None:
        return []
    return list(JobStep.objects.filter(job=job, attempt=newest.attempt).order_by("id"))
