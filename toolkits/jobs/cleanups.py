"""Running a cleanup hook that is owed: who may, what it writes, and how it ends.

A hook runs once. Whoever takes it writes as long as its row says that it runs; where its worker
dies, too, the sweep says so, and it does not run again: nobody knows how far it came.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F
from redis.exceptions import RedisError

from toolkits.jobs import job_secrets, limits, logs, owed, queues, waiting
from toolkits.jobs.lease import Fenced, Pulse
from toolkits.jobs.states import ACTIVE
from toolkits.models import Job, JobAttempt, JobLock

log = logging.getLogger(__name__)

LOST = "lost"
#: A hook that runs for so much longer than its own limit has lost its worker.
_SPARE_SECONDS = 60.0
_BATCH = 100


def take(attempt_id: int) -> JobAttempt | None:
    """Take a hook that is owed; None when somebody else did, or an attempt runs just now."""
    mine = JobAttempt.objects.filter(pk=attempt_id, cleanup=owed.OWED)
    if not mine.exclude(job__state__in=ACTIVE).update(cleanup=owed.RUNNING):
        return None
    return JobAttempt.objects.select_related("job__toolkit").get(pk=attempt_id)


@contextmanager
def fenced(attempt: JobAttempt) -> Iterator[None]:
    """A transaction for what the hook of ``attempt`` writes. Raises ``Fenced`` once it has ended
    in the eyes of others."""
    with transaction.atomic():
        running = JobAttempt.objects.filter(pk=attempt.pk, cleanup=owed.RUNNING)
        if running.select_for_update().values_list("pk", flat=True).first() is None:
            raise Fenced(str(attempt.job_id))
        yield


def write(attempt: JobAttempt, pulse: Pulse) -> None:
    """Add to the job's log what the hook said. Raises ``Fenced``."""
    if not pulse.lines:
        return
    with fenced(attempt):
        job = Job.objects.select_for_update().only("log_lines").get(pk=attempt.job_id)
        logs.append(attempt.job_id, attempt.number, job.log_lines + 1, pulse.lines)
        Job.objects.filter(pk=attempt.job_id).update(
            log_lines=F("log_lines") + len(pulse.lines),
            log_bytes=F("log_bytes") + pulse.log_bytes,
            **({"log_truncated": True} if pulse.truncated else {}),
        )
    waiting.publish(attempt.job_id)


def finish(attempt: JobAttempt, how: str) -> None:
    """Record how the hook ended, and let the job go on that waits for it."""
    key = owed.key_of(attempt.job)
    with transaction.atomic():
        running = JobAttempt.objects.filter(pk=attempt.pk, cleanup=owed.RUNNING)
        if not running.update(cleanup=how[:20]):
            return
        JobLock.objects.filter(key=key).delete()
        transaction.on_commit(lambda: _go_on(attempt.job, key))


def _go_on(job: Job, key: str) -> None:
    limits.wake([key])
    job.refresh_from_db()
    if job.is_finished:
        job_secrets.forget(job)
    waiting.publish(job.pk)


class Sweep:
    """Calls workers for hooks that are owed, and ends those whose worker is gone.

    How long a hook has run, it counts by its own monotonic clock from when it first saw it.
    """

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}

    def __call__(self) -> int:
        """Do what is due; returns how many hooks that was."""
        attempts = JobAttempt.objects.filter(cleanup__in=owed.PENDING).exclude(
            job__state__in=ACTIVE
        )
        found = list(attempts.select_related("job").order_by("id")[:_BATCH])
        running = [attempt for attempt in found if attempt.cleanup == owed.RUNNING]
        waits = [attempt for attempt in found if attempt.cleanup == owed.OWED]
        return self._end_lost(running) + sum(_call(attempt) for attempt in waits)

    def _end_lost(self, running: list[JobAttempt]) -> int:
        now, count = time.monotonic(), 0
        self._seen = {attempt.pk: self._seen.get(attempt.pk, now) for attempt in running}
        for attempt in running:
            hook = owed.hook_of(attempt.job) or {}
            if now - self._seen[attempt.pk] > seconds_of(hook) + _SPARE_SECONDS:
                log.warning("the cleanup hook of job %s is lost", attempt.job_id)
                finish(attempt, LOST)
                count += 1
        return count


def _call(attempt: JobAttempt) -> bool:
    queue = attempt.job.queue
    try:
        # While no worker takes calls, more of them would only pile up.
        if queues.waiting_calls(queue) >= _BATCH:
            return False
    except RedisError:
        return False
    return owed.call_worker(queue, attempt.pk)


def seconds_of(hook: dict[str, object]) -> float:
    """The time limit of a hook."""
    return float(str(hook.get("timeout") or 30))


sweep = Sweep()


def run_due() -> int:
    """What the scheduler calls."""
    return sweep()
