"""The RQ worker. It never runs foreign code itself, so it need not fork."""

from __future__ import annotations

import logging
import time
from types import FrameType
from typing import Any

from django.db import DatabaseError, connection
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.job import Job as RQJob
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.worker import WorkerStatus

from toolbox.process import tell_alive
from toolkits import processes
from toolkits.runtime import process_tree, workdirs, worker_state

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_BEAT_SECONDS = 10.0
_REGISTER_SECONDS = 5.0
_SUSPENSION_SECONDS = 1.0


class ToolkitWorker(SimpleWorker):
    """Takes calls from RQ and leads runners through jobs.

    The truth about jobs is in the database, so RQ's own bookkeeping of a call is left out: it
    is taken from its queue, answered and deleted. RQ's time limit is off (the platform keeps
    its own, and must write down how a job ended), and its payloads are JSON whatever the
    command line says. A Redis that goes away, or comes back empty, ends no worker.
    """

    death_penalty_class = TimerDeathPenalty

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["serializer"] = JSONSerializer
        super().__init__(*args, **kwargs)
        self._beaten_at = self._registered_at = self._suspension_asked_at = float("-inf")

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """Take calls until it is asked to stop."""
        process_tree.become_subreaper()
        workdirs.sweep()
        worker_state.enter(self.name, self.queue_names(), self._beat)
        processes.begin("worker", runs_code=True, warm=worker_state.pool().idle)
        worked = False
        try:
            while True:
                tell_alive()
                worked = self._work_once(*args, **kwargs) or worked
                if kwargs.get("burst") or kwargs.get("max_jobs") or worker_state.stopping():
                    return worked
                # RQ gives up where Redis answers late; the platform waits for it.
                log.warning("the queue is not reachable: trying again")
                time.sleep(_PAUSE_SECONDS)
        finally:
            worker_state.pool().close()

    def _work_once(self, *args: Any, **kwargs: Any) -> bool:
        try:
            # A worker of this name that RQ thinks alive is this one, before Redis went away.
            self.connection.delete(self.key)
            return bool(super().work(*args, **kwargs))
        except RedisError as error:
            log.warning("the queue is not reachable: %s", error)
            return False

    def execute_job(self, job: RQJob, queue: Queue) -> None:
        """Answer one call in this process."""
        # While it says so, a signal to stop waits for the job instead of breaking into it.
        self.set_state(WorkerStatus.BUSY)
        try:
            job.perform()
        except DatabaseError as error:
            # The job waits in its row; the sweep calls again.
            log.warning("the database does not answer: %s", error)
            connection.close()
            time.sleep(_PAUSE_SECONDS)
        except Exception:
            log.exception("the call %s failed", job.func_name)
        finally:
            self._forget(job)
            worker_state.pool().retire_idle()

    def _forget(self, job: RQJob) -> None:
        try:
            with self.connection.pipeline(transaction=False) as pipeline:
                pipeline.delete(job.key)
                pipeline.hincrby(self.key, "successful_job_count", 1)
                pipeline.execute()
        except RedisError as error:
            log.warning("the queue is not reachable: %s", error)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tell Redis that this worker lives: not at each call, and not if Redis is away."""
        tell_alive()
        now = time.monotonic()
        if pipeline is None and now - self._beaten_at < _BEAT_SECONDS:
            return
        try:
            self._register_again(now)
            super().heartbeat(timeout, pipeline)
            self._beaten_at = now
        except RedisError as error:
            log.warning("the queue is not reachable: %s", error)

    def _register_again(self, now: float) -> None:
        """Register with a Redis that has forgotten this worker."""
        if now - self._registered_at < _REGISTER_SECONDS:
            return
        self._registered_at = now
        if not self.connection.exists(self.key):
            self.register_birth()  # type: ignore[no-untyped-call]

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """Keep the state. Whether a worker is busy, the rows of jobs say; Redis is not told."""
        self._state = state

    def check_for_suspension(self, burst: bool) -> None:
        """Heed ``rq suspend``, but do not ask for it before each call."""
        now = time.monotonic()
        if now - self._suspension_asked_at < _SUSPENSION_SECONDS:
            return
        self._suspension_asked_at = now
        try:
            super().check_for_suspension(burst)
        except RedisError as error:
            log.warning("the queue is not reachable: %s", error)

    def _beat(self) -> None:
        self.heartbeat()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Take no further job. A running one may finish within a short while."""
        worker_state.ask_stop()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]
