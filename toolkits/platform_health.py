"""What a toolkit that may ask is told of the platform: facts, without judgement or credentials.

The checks are those of ``/health``, the figures those of the admin's page of queues. Nothing
here waits for long: a dependency that hangs has failed, and what cannot be known without it is
null.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection
from django.utils import timezone
from redis.exceptions import RedisError

from toolbox import __version__
from toolbox.health.checks import CheckResult, run_bounded, run_checks
from toolbox.ids import uuid7_floor
from toolkits.jobs import overview
from toolkits.jobs.overview import LeaseState, WorkerState
from toolkits.jobs.states import ACTIVE
from toolkits.models import Job, JobAttempt
from toolkits.runtime import worker_state

_SIDE_BY_SIDE = ("redis", "vault", "storage", "web")
_LATELY = timedelta(minutes=15)
#: How the attempt of a job ends when its runner broke, or could not be started.
_BROKEN = ("crashed", "not_started")


def read() -> dict[str, Any]:
    """Look at everything now, and return it as JSON types."""
    at = timezone.now()
    database, *others = run_checks(["database"]) + run_bounded(_SIDE_BY_SIDE)
    parts = [_part(result) for result in (database, *others)]
    workers, queues = None, None
    scheduler = runners = _unknown("without the database")
    if database.ok:
        try:
            workers, queues = _queues(reachable=others[0].ok)
            scheduler, runners = _scheduler(overview.lease()), _runners()
        except DatabaseError:
            # It went away between the check and now; the next look finds it failed.
            connection.close()
    else:
        connection.close()
    parts += [{"name": "scheduler", **scheduler}, {"name": "runners", **runners}]
    return {
        "at": at.timestamp(),
        "version": __version__,
        "parts": parts,
        "queues": queues,
        "workers": workers,
    }


def _part(result: CheckResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "ok": result.ok,
        "detail": result.detail,
        "hint": result.hint,
        "latency_ms": result.duration_ms,
    }


def _unknown(why: str) -> dict[str, Any]:
    return {"ok": None, "detail": f"not known {why}", "hint": "", "latency_ms": None}


def _age(moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (timezone.now() - moment).total_seconds())


def _scheduler(lease: LeaseState | None) -> dict[str, Any]:
    """Its latency is the time since it last renewed its lease."""
    if lease is None or not lease.held:
        detail = "none acts: nothing scheduled starts, no card is refreshed"
        return {"ok": False, "detail": detail, "hint": "Start manage.py scheduler.",
                "latency_ms": None}  # fmt: skip
    renewed = timezone.now() - lease.renewed_at
    return {
        "ok": True,
        "detail": f"{lease.holder} acts",
        "hint": "",
        "latency_ms": round(max(0.0, renewed.total_seconds()) * 1000, 1),
    }


def _runners() -> dict[str, Any]:
    """One of them asks, so they can be started; its latency is how long the last start took."""
    lately = JobAttempt.objects.filter(job_id__gte=uuid7_floor(timezone.now() - _LATELY))
    broken = lately.filter(exit_reason__in=_BROKEN).count()
    running = Job.objects.filter(state__in=ACTIVE).count()
    pool = worker_state.pool()
    detail = f"{running} at work, {pool.warm} warm in this worker"
    if broken:
        detail += f"; {broken} broke or could not start in the last 15 minutes"
    hint = "See the jobs that failed, and their logs." if broken else ""
    return {"ok": not broken, "detail": detail, "hint": hint, "latency_ms": pool.start_ms}


def _queues(*, reachable: bool) -> tuple[Any, Any]:
    """The workers, None where they cannot be known, and the queues."""
    try:
        known = overview.workers() if reachable else None
    except RedisError:
        known = None
    if known is None:
        rows = overview.waiting()
        return None, [
            _queue(name, row.count, row.oldest, row.running, None) for name, row in rows.items()
        ]
    queues = [
        _queue(queue.name, queue.waiting, queue.oldest, queue.running, queue.workers)
        for queue in overview.queues(known)
    ]
    return [_worker(worker) for worker in known], queues


def _queue(
    name: str, waiting: int, oldest: datetime | None, running: int, workers: int | None
) -> dict[str, Any]:
    return {
        "name": name,
        "waiting": waiting,
        "oldest_seconds": _age(oldest),
        "running": running,
        "workers": workers,
    }


def _worker(worker: WorkerState) -> dict[str, Any]:
    return {
        "name": worker.name,
        "queues": worker.queues,
        "state": worker.state,
        "silent": worker.silent,
        "host": worker.hostname,
        "pid": worker.pid,
        "heartbeat_seconds": _age(worker.heartbeat),
        "done": worker.done,
        "failed": worker.failed,
    }
