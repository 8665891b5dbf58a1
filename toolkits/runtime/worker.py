"""The RQ worker. It never runs foreign code itself, so it need not fork."""

from __future__ import annotations

import logging
from types import FrameType
from typing import Any

from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.job import Job as RQJob
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from toolkits.runtime import workdirs, worker_state

log = logging.getLogger(__name__)


class ToolkitWorker(SimpleWorker):
    """Takes job ids from RQ and leads runners through them.

    RQ's own time limit is off (the platform keeps its own, and must write down how a job
    ended), and its payloads are JSON whatever the command line says.
    """

    death_penalty_class = TimerDeathPenalty

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["serializer"] = JSONSerializer
        super().__init__(*args, **kwargs)
        self._rq_job: RQJob | None = None

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Take jobs until it is asked to stop."""
        workdirs.sweep()
        worker_state.enter(self.name, self._beat)
        try:
            return super().work(*args, **kwargs)
        finally:
            worker_state.pool().close()

    def execute_job(self, job: RQJob, queue: Queue) -> None:
        """Run one job in this process."""
        self._rq_job = job
        try:
            super().execute_job(job, queue)
        finally:
            self._rq_job = None
            worker_state.pool().retire_idle()

    def _beat(self) -> None:
        try:
            self.heartbeat()
            if self._rq_job is not None:
                self.maintain_heartbeats(self._rq_job)
        except RedisError as error:
            log.warning("the queue is not reachable: %s", error)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Take no further job. A running one may finish within a short while."""
        worker_state.ask_stop()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]
