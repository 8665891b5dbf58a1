"""RQ's queues."""

from typing import Any

from toolbox import redis_urls
from toolbox.settings import environment as e
from toolbox.settings.database import REDIS_URL


def _queue(url: str) -> dict[str, Any]:
    """How django-rq reaches the server, in its own words."""
    try:
        found = redis_urls.sentinel(url)
    except ValueError as error:
        e.problems.append(f"REDIS_URL: {error}")
        found = None
    if found is None:
        return {"URL": url, "DEFAULT_TIMEOUT": -1}
    return {
        "SENTINELS": found.sentinels,
        "MASTER_NAME": found.service,
        "DB": found.options.get("db", 0),
        "CONNECTION_KWARGS": found.options,
        "SENTINEL_KWARGS": {**found.sentinel_options, "socket_connect_timeout": 2.0},
        "DEFAULT_TIMEOUT": -1,
    }


RQ_QUEUES = dict.fromkeys(("interactive", "high", "default", "low"), _queue(REDIS_URL))
RQ = {
    "QUEUE_CLASS": "toolkits.jobs.queues.ToolkitQueue",
    "WORKER_CLASS": "toolkits.runtime.worker.ToolkitWorker",
    # Job rows go out as JSON alone: nothing that comes from Redis is ever unpickled.
    "SERIALIZER": "rq.serializers.JSONSerializer",
    # Dispatch happens after commit by our own hand, because the job row is the truth.
    "COMMIT_MODE": "auto",
}
RQ_SHOW_ADMIN_LINK = False
