"""Waiting for a job's end without asking the database over and over."""

from __future__ import annotations

import time
from uuid import UUID

from django.conf import settings
from django_rq import get_connection
from redis.exceptions import RedisError

from toolkits.jobs.states import TERMINAL
from toolkits.models import Job

_KEPT_SECONDS = 60
_LONGEST_BLOCK = 2.0


def _key(job_id: UUID) -> str:
    return f"{settings.REDIS_PREFIX}:ended:{job_id}"


def announce(job_id: UUID) -> None:
    """Wake whoever waits for the job. Losing this costs a waiter seconds, nothing else."""
    try:
        pipe = get_connection("default").pipeline()
        pipe.lpush(_key(job_id), 1)
        pipe.expire(_key(job_id), _KEPT_SECONDS)
        pipe.execute()
    except RedisError:
        return


def has_ended(job_id: UUID) -> bool:
    """Whether the job's row says that it has ended."""
    return Job.objects.filter(pk=job_id, state__in=TERMINAL).exists()


def wait_finished(job_id: UUID, seconds: float) -> bool:
    """Wait until the job has ended, at most ``seconds``; returns whether it has."""
    deadline = time.monotonic() + seconds
    while not has_ended(job_id):
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        _block(job_id, min(left, _LONGEST_BLOCK))
    return True


def _block(job_id: UUID, seconds: float) -> None:
    try:
        woken = get_connection("default").blpop([_key(job_id)], timeout=max(0.05, seconds))
        if woken:
            # Another waiter may stand behind this one.
            announce(job_id)
    except RedisError:
        time.sleep(min(0.25, seconds))
