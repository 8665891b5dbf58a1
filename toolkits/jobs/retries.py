"""Whether a failed attempt is followed by another, when, and running a job again by hand."""

from __future__ import annotations

import random
from typing import Any

from toolkits import versions
from toolkits.jobs import patience
from toolkits.jobs.states import JobState
from toolkits.models import Job

#: How often an idempotent operation that asked for no retries goes again after a lost worker.
_LOST_RETRIES = 3
#: Trying again cannot change these.
_FINAL_KINDS = frozenset({"invalid_inputs", "bad_result", "permanent"})


def delay(job: Job, state: JobState, error: dict[str, Any] | None) -> float | None:
    """Seconds until the next attempt of a job whose attempt ended in ``state``; None for none.

    After a lost worker nobody knows what was done, so only an operation that calls itself
    idempotent goes again.
    """
    described = versions.operation_of(job)
    if described is None:
        return None
    allowed = int(described.get("retries") or 0)
    if state == JobState.LOST:
        if not described.get("idempotent"):
            return None
        return 0.0 if job.attempt <= max(allowed, _LOST_RETRIES) else None
    if state not in {JobState.FAILED, JobState.TIMED_OUT}:
        return None
    kind = error.get("kind") if error else None
    attempts = job.attempt
    if patience.waits(described):
        if kind == patience.AWAY:
            return patience.put_off(job)
        attempts = patience.attempts_that_count(job)
    if attempts > allowed or kind in _FINAL_KINDS:
        return None
    return backoff(described.get("backoff") or {}, attempts)


def backoff(options: dict[str, Any], attempt: int) -> float:
    """Seconds to wait after ``attempt``: exponential, bounded, and spread by a random share so
    that jobs that failed together do not come back together."""
    initial = float(options.get("initial", 1.0))
    factor = float(options.get("factor", 2.0))
    longest = float(options.get("maximum", 300.0))
    jitter = min(1.0, max(0.0, float(options.get("jitter", 0.25))))
    whole = min(longest, initial * factor ** min(attempt - 1, 64))
    return whole * (1 - jitter * random.random())  # noqa: S311  (not for secrecy)
