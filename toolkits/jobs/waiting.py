"""Waiting for a job, without asking the database over and over: its worker says through Redis
when there is something new, and when it has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from toolkits.jobs import logs, redis
from toolkits.jobs.states import TERMINAL
from toolkits.models import Job

_KEPT_SECONDS = 60
#: Where a message was lost, a waiter finds out after so long.
_LONGEST_BLOCK = 5.0
_PAGE = 1000


def _ended_key(job_id: UUID) -> str:
    return redis.key("ended", job_id)


def _news_key(job_id: UUID) -> str:
    return redis.key("news", job_id)


def announce(job_id: UUID) -> None:
    """Wake whoever waits for the job's end. Losing this costs a waiter seconds, nothing else."""
    with suppress(RedisError):
        pipe = redis.client().pipeline(transaction=False)
        pipe.lpush(_ended_key(job_id), 1)
        pipe.expire(_ended_key(job_id), _KEPT_SECONDS)
        pipe.publish(_news_key(job_id), "ended")
        pipe.execute()


def publish(job_id: UUID) -> None:
    """Wake whoever follows the job: there are new lines, progress or another state."""
    with suppress(RedisError):
        redis.client().publish(_news_key(job_id), "news")


def has_ended(job_id: UUID) -> bool:
    """Whether the job's row says that it has ended."""
    return Job.objects.filter(pk=job_id, state__in=TERMINAL).exists()


def wait_finished(job_id: UUID, seconds: float) -> bool:
    """Wait until the job has ended, at most ``seconds``; returns whether it has."""
    deadline = time.monotonic() + seconds
    # What was told of a young job's end is still there to be read: no need to ask the database.
    if _is_young(job_id) and _told(job_id, min(seconds, _LONGEST_BLOCK)):
        return True
    while not has_ended(job_id):
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        if _told(job_id, min(left, _LONGEST_BLOCK)):
            return True
    return True


def _is_young(job_id: UUID) -> bool:
    """Whether the job, by the time in its id, is so new that no message about it is gone."""
    return abs(time.time() - (job_id.int >> 80) / 1000) < _KEPT_SECONDS / 2


def _told(job_id: UUID, seconds: float) -> bool:
    """Whether it is told within ``seconds`` that the job has ended, which is told only once the
    end is committed, and of an end that nothing undoes."""
    key = _ended_key(job_id)
    try:
        # From the list into itself: another waiter may stand behind this one.
        return redis.client().blmove(key, key, max(1, round(seconds))) is not None
    except RedisError:
        time.sleep(min(0.25, seconds))
        return False


class Bell:
    """Rings when a job has news, for a caller that looks at the job itself. Without Redis it
    never rings, and the caller looks as often as it waits."""

    def __init__(self, job_id: UUID) -> None:
        self._subscription = redis.client().pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        )
        with suppress(RedisError):
            self._subscription.subscribe(_news_key(job_id))

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Wait for a ring, at most ``seconds``, and until ``stop`` at most half a second more."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not stop.is_set():
            try:
                if self._subscription.get_message(timeout=min(left, 0.5)):
                    return
            except (RedisError, RuntimeError):
                # RuntimeError: the subscription never came about.
                stop.wait(left)

    def close(self) -> None:
        """Give the connection back."""
        with suppress(RedisError):
            self._subscription.close()


@dataclass(frozen=True)
class News:
    """What happened to a job since the last look. ``page`` holds the new lines; ``job`` is the
    row as it now is, or None when nothing but time has passed."""

    page: logs.LogPage
    job: Job | None


def follow(job_id: UUID, after: int = 0, *, every: float = 10.0) -> Iterator[News]:
    """Yield what happens to a job from the line ``after`` on, until it has ended and its log
    is told; at least every ``every`` seconds, so that a caller can tell that it is alive and
    check again whether the reader may still see the job."""
    try:
        subscription: Any = redis.client().pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        )
        subscription.subscribe(_news_key(job_id))
    except RedisError:
        yield from _follow_by_asking(job_id, after, every)
        return
    with closing(subscription):
        cursor, before = after, ""
        while True:
            # Subscribed first, then read: what comes in between is announced.
            news, cursor, before = _look(job_id, cursor, before)
            yield news
            if news.page.done:
                return
            if len(news.page.lines) >= _PAGE:
                continue
            try:
                subscription.get_message(timeout=every)
            except RedisError:
                yield from _follow_by_asking(job_id, cursor, every)
                return


def _follow_by_asking(job_id: UUID, after: int, every: float) -> Iterator[News]:
    cursor, before = after, ""
    while True:
        news, cursor, before = _look(job_id, cursor, before)
        yield news
        if news.page.done:
            return
        time.sleep(min(1.0, every))


def _look(job_id: UUID, cursor: int, before: str) -> tuple[News, int, str]:
    job = Job.objects.get(pk=job_id)
    page = logs.read(job, cursor, _PAGE)
    now = f"{job.state} {job.attempt} {job.progress_done} {job.progress_total} {job.progress_label}"
    return News(page, job if now != before else None), page.next_after, now
