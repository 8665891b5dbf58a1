"""Cleanup hooks that have not run yet, because the worker whose attempt failed is gone.

Until its hook has run, a job that goes again waits for it, and a job that has ended keeps its
secret inputs. Who runs it: ``cleanups.py``.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db import transaction
from redis.exceptions import RedisError

from toolkits import versions
from toolkits.jobs import queues
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt, JobLock

log = logging.getLogger(__name__)

#: In ``JobAttempt.cleanup``: it is to run, and it runs.
OWED, RUNNING = "owed", "running"
PENDING = (OWED, RUNNING)

RUN_CLEANUP = "toolkits.runtime.cleanup.run_cleanup"


def hook_of(job: Job) -> dict[str, Any] | None:
    """What the job's version says of its cleanup hook; None when it has none."""
    version = versions.version_of(job)
    found: dict[str, Any] | None = version.description.get("cleanup") if version else None
    return found or None


def facts(job: Job) -> dict[str, Any]:
    """What the row of an attempt says whose hook, if it has one, did not run."""
    return {"cleanup": OWED} if hook_of(job) else {}


def key_of(job: Job) -> str:
    """What a job that goes again waits for meanwhile."""
    return f"cleanup:{job.pk}"


def owe(job: Job) -> None:
    """Let the hook run after the attempt whose row now says that it is owed.

    In the transaction that ended the attempt; the sweep calls again where this call is lost.
    """
    key = key_of(job)
    JobLock.objects.get_or_create(key=key, slot=0, defaults={"job": job, "admission": True})
    Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(waits_for=key)
    attempt = job.attempts.get(number=job.attempt)
    transaction.on_commit(lambda: call_worker(job.queue, attempt.pk))


def call_worker(queue: str, attempt_id: int) -> bool:
    """Call a worker for a hook that is owed; whether Redis took the call."""
    try:
        queues.tell(queue, RUN_CLEANUP, str(attempt_id), rq_id=f"cleanup-{attempt_id}")
    except RedisError as error:
        log.warning("a cleanup hook waits: the queue %s is not reachable (%s)", queue, error)
        return False
    return True


def pending(job: Job) -> bool:
    """Whether a hook of the job is still to end."""
    return JobAttempt.objects.filter(job=job, cleanup__in=PENDING).exists()
