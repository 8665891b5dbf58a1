"""The RQ queues: JSON only, and kept apart from other systems on the same server."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django_rq.queues import DjangoRQ, get_queue
from rq.serializers import JSONSerializer

INTERACTIVE, HIGH, DEFAULT, LOW = "interactive", "high", "default", "low"
QUEUES = (INTERACTIVE, HIGH, DEFAULT, LOW)


class ToolkitQueue(DjangoRQ):
    """A queue whose keys carry ``REDIS_PREFIX`` and whose payload is never pickled."""

    redis_queue_namespace_prefix = f"rq:queue:{settings.REDIS_PREFIX}:"
    redis_queues_keys = f"rq:queues:{settings.REDIS_PREFIX}"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["serializer"] = JSONSerializer
        super().__init__(*args, **kwargs)


def tell(queue: str, function: str, *args: str, rq_id: str) -> None:
    """Put one call on a queue. Time limits and results are the platform's own, not RQ's."""
    get_queue(queue, queue_class=ToolkitQueue).enqueue_call(
        function, args=args, timeout=-1, result_ttl=0, failure_ttl=300, job_id=rq_id
    )
