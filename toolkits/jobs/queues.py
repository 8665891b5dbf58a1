"""The RQ queues: JSON only, and kept apart from other systems on the same server.

A queue holds no jobs but calls for a worker, one for each job that is ready to run. Which job a
worker then runs is decided by the database when the worker comes (``claims.py``), so that a call
that is lost, doubled or late changes nothing but the time at which somebody looks.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any
from uuid import uuid4

from django.conf import settings
from django_rq.queues import DjangoRQ, get_queue
from redis.exceptions import RedisError
from rq.serializers import JSONSerializer

from toolkits.jobs.redis import client

log = logging.getLogger(__name__)

INTERACTIVE, HIGH, DEFAULT, LOW = "interactive", "high", "default", "low"
QUEUES = (INTERACTIVE, HIGH, DEFAULT, LOW)

RUN_NEXT = "toolkits.runtime.execute.run_next"


class ToolkitQueue(DjangoRQ):
    """A queue whose keys carry ``REDIS_PREFIX`` and whose payload is never pickled."""

    redis_queue_namespace_prefix = f"rq:queue:{settings.REDIS_PREFIX}:"
    redis_queues_keys = f"rq:queues:{settings.REDIS_PREFIX}"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["serializer"] = JSONSerializer
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]


@lru_cache(maxsize=len(QUEUES))
def queue(name: str) -> ToolkitQueue:
    """Return the queue ``name``."""
    made = get_queue(name, queue_class=ToolkitQueue, connection=client())
    assert isinstance(made, ToolkitQueue)
    return made


def tell(name: str, function: str, *args: str, rq_id: str) -> None:
    """Put one call on a queue. Time limits and results are the platform's own, not RQ's."""
    queue(name).enqueue_call(  # type: ignore[no-untyped-call]
        function, args=args, timeout=-1, result_ttl=0, failure_ttl=300, job_id=rq_id
    )


def call_worker(name: str, times: int = 1) -> bool:
    """Call for a worker of a queue. When Redis cannot be reached, the sweep calls later."""
    try:
        for _ in range(times):
            tell(name, RUN_NEXT, name, rq_id=uuid4().hex)
    except RedisError as error:
        log.warning("jobs wait in the database: the queue %s is not reachable (%s)", name, error)
        return False
    return True


def waiting_calls(name: str) -> int:
    """How many calls of a queue no worker has taken yet."""
    return int(queue(name).count)
