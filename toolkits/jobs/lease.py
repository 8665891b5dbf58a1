"""Holding a job: the lease that a worker renews, its writes, and the end of an attempt.

Every write names the attempt that it belongs to and is refused once the row has moved on,
so that a worker that was thought dead cannot overwrite what came after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from toolbox import metrics
from toolbox.events import emit
from toolkits.jobs import children, ending, limits, logs, owed, retries, steps
from toolkits.jobs.ready import enqueue
from toolkits.jobs.states import ACTIVE, JobState
from toolkits.jobs.turns import next_turn
from toolkits.models import Job, JobAttempt

S = JobState


class Fenced(Exception):
    """The attempt does not own its job any more: nothing of it is written."""


@dataclass
class Ending:
    """How an attempt ended. ``reason`` is for people; ``error`` is the runner's report;
    ``exit_reason`` is the kind of end as the worker saw it."""

    state: JobState
    reason: str = ""
    result: Any = None
    error: dict[str, Any] | None = None
    exit_reason: str = ""


@dataclass
class Pulse:
    """What a worker reports with a renewal of its lease."""

    progress: tuple[int | None, int | None, str] | None = None
    lines: list[list[Any]] = field(default_factory=list)
    log_bytes: int = 0
    truncated: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write but the lease itself."""
        return self.progress is None and not self.lines


def lease_end() -> datetime:
    """When a lease that is taken now runs out."""
    return timezone.now() + timedelta(seconds=settings.TOOLKIT_JOB_LEASE_SECONDS)


def owned(job: Job) -> Any:
    """The job's row, as long as this attempt owns it."""
    return Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=ACTIVE)


def state_of(job: Job) -> JobState | None:
    """The job's state; None when this attempt does not own it any more."""
    state = owned(job).values_list("state", flat=True).first()
    return JobState(state) if state else None


@contextmanager
def fenced(job: Job) -> Iterator[None]:
    """A transaction for writes of this attempt. Raises ``Fenced`` when it does not own the job;
    while the block runs nobody can take the job away."""
    with transaction.atomic():
        if owned(job).select_for_update().values_list("pk", flat=True).first() is None:
            raise Fenced(str(job.pk))
        yield


def renew(job: Job, pulse: Pulse) -> JobState | None:
    """Renew the lease and write what happened since the last renewal.

    Returns the job's state, by which the worker learns of a cancellation; None when this
    attempt no longer owns the job, and nothing was written.
    """
    with transaction.atomic():
        if not owned(job).update(lease_expires_at=lease_end(), **_values(pulse)):
            return None
        _write_lines(job, pulse)
        state = state_of(job)
    _count(job, pulse)
    return state


def _values(pulse: Pulse) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if pulse.progress is not None:
        done, total, label = pulse.progress
        values |= {"progress_done": done, "progress_total": total, "progress_label": label[:200]}
    if pulse.lines:
        values |= {
            "log_lines": F("log_lines") + len(pulse.lines),
            "log_bytes": F("log_bytes") + pulse.log_bytes,
        }
    return {**values, "log_truncated": True} if pulse.truncated else values


def _write_lines(job: Job, pulse: Pulse) -> None:
    """Write lines in the transaction of the job's counters; the numbers then have no gap."""
    if pulse.lines:
        logs.append(job.pk, job.attempt, job.log_lines + 1, pulse.lines)


def _count(job: Job, pulse: Pulse) -> None:
    job.log_lines += len(pulse.lines)
    job.log_bytes += pulse.log_bytes
    if pulse.log_bytes:
        metrics.count("toolbox_log_bytes", job.toolkit_slug, by=pulse.log_bytes)


def note(job: Job, **values: Any) -> bool:
    """Write facts about the running attempt; whether it still owns the job."""
    mine = JobAttempt.objects.filter(
        job_id=job.pk, number=job.attempt, finished_at=None, job__attempt=job.attempt
    )
    return bool(mine.update(**values))


def end(job: Job, ended: Ending, pulse: Pulse | None = None, **facts: Any) -> bool:
    """Write the end of the attempt, and see to the next one where the operation allows it.

    ``pulse`` is what was still to be written of its log; ``facts`` are columns of the attempt.
    Returns whether this attempt still owned the job.
    """
    pulse = pulse or Pulse()
    with transaction.atomic():
        if not (_go_again(job, ended, pulse) or _finish(job, ended, pulse)):
            return False
        _write_lines(job, pulse)
        job.attempts.filter(number=job.attempt).update(
            finished_at=timezone.now(),
            outcome=ended.state,
            reason=ended.reason[:500],
            exit_reason=(ended.exit_reason or ended.state)[:40],
            error=ended.error,
            **facts,
        )
        if facts.get("cleanup") == owed.OWED:
            owed.owe(job)
        if ended.state != S.SUCCEEDED:
            steps.fail_running(job)
        if job.has_children:
            children.cancel_unfinished(job)
    _count(job, pulse)
    return True


def _finish(job: Job, ended: Ending, pulse: Pulse) -> bool:
    if not owned(job).update(
        state=ended.state,
        reason=ended.reason[:500],
        result=ended.result,
        error=ended.error,
        finished_at=timezone.now(),
        lease_expires_at=None,
        **_values(pulse),
    ):
        return False
    job.state, job.reason = ended.state, ended.reason
    ending.settle(job, ended.state, ended.reason)
    return True


def _go_again(job: Job, ended: Ending, pulse: Pulse) -> bool:
    """Make the job wait for its next attempt, if it gets one."""
    delay = retries.delay(job, ended.state, ended.error)
    if delay is None:
        return False
    later = delay > 0
    values: dict[str, Any] = {"state": S.QUEUED, "turn": next_turn(job.queue, job.toolkit_slug)}
    if later:
        not_before = timezone.now() + timedelta(seconds=delay)
        values = {"state": S.SCHEDULED, "not_before": not_before}
    # Only a running job goes again: one that was asked to stop stays stopped.
    if not owned(job).filter(state=S.RUNNING).update(
        reason=f"Attempt {job.attempt}: {ended.reason}"[:500],
        error=ended.error,
        lease_expires_at=None,
        **values,
        **_values(pulse),
    ):
        return False
    emit("job.retried", target=job, attempt=job.attempt + 1, reason=ended.reason[:300])
    limits.release(job, ended=False)
    if not later:
        transaction.on_commit(lambda: enqueue(job))
    return True
