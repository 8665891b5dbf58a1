"""RQ's queues."""

from toolbox.settings.database import REDIS_URL

_QUEUE = {"URL": REDIS_URL, "DEFAULT_TIMEOUT": -1}
RQ_QUEUES = dict.fromkeys(("interactive", "high", "default", "low"), _QUEUE)
RQ = {
    "QUEUE_CLASS": "toolkits.jobs.queues.ToolkitQueue",
    "WORKER_CLASS": "toolkits.runtime.worker.ToolkitWorker",
    # Job rows go out as JSON alone: nothing that comes from Redis is ever unpickled.
    "SERIALIZER": "rq.serializers.JSONSerializer",
    # Dispatch happens after commit by our own hand, because the job row is the truth.
    "COMMIT_MODE": "auto",
}
RQ_SHOW_ADMIN_LINK = False
