"""How the queues and workers stand: what RQ holds, and what waits in the database."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min
from django.urls import reverse
from django.utils import timezone
from django_rq import get_connection
from django_rq.queues import get_queue
from rq import Worker

from toolkits.jobs.queues import QUEUES, ToolkitQueue
from toolkits.jobs.states import ACTIVE, JobState
from toolkits.models import Job, SchedulerLease
from toolkits.models.scheduler import LEASE

#: After so long without a heartbeat a worker is thought dead: one that works renews it every
#: 20 seconds, one that waits for work only when RQ's wait of seven minutes is over.
_SILENT_BUSY, _SILENT_IDLE = timedelta(seconds=90), timedelta(seconds=450)


@dataclass(frozen=True)
class QueueState:
    """One queue. ``depth`` is what RQ holds, cards included; ``waiting`` are queued job rows."""

    name: str
    depth: int
    waiting: int
    oldest: datetime | None
    running: int
    workers: int


@dataclass(frozen=True)
class WorkerState:
    """One worker process, as it last reported itself."""

    name: str
    queues: list[str]
    state: str
    job_id: str
    hostname: str
    pid: int | None
    born: datetime | None
    heartbeat: datetime | None
    done: int
    failed: int

    @property
    def job_url(self) -> str:
        """Where the present job is shown; empty for a card's refresh, which has no page."""
        try:
            return reverse("job-detail", args=[UUID(self.job_id)])
        except ValueError:
            return ""

    @property
    def silent(self) -> bool:
        """Whether it has not reported for long, as one that was killed, or is seen to be gone."""
        if self.hostname == socket.gethostname() and self.pid and not _alive(self.pid):
            return True
        longest = _SILENT_BUSY if self.state == "busy" else _SILENT_IDLE
        return self.heartbeat is None or timezone.now() - self.heartbeat > longest


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True)
class LeaseState:
    """Which scheduler acts."""

    holder: str
    expires_at: datetime

    @property
    def renewed_at(self) -> datetime:
        """When its holder last renewed it."""
        return self.expires_at - LEASE

    @property
    def held(self) -> bool:
        """Whether the lease still runs."""
        return self.expires_at > timezone.now()


def workers() -> list[WorkerState]:
    """Every worker that RQ knows. Raises ``RedisError``."""
    found = Worker.all(connection=get_connection("default"), queue_class=ToolkitQueue)
    # RQ knows calls alone; which job a worker runs, its row says.
    running = dict(
        Job.objects.filter(state__in=ACTIVE).order_by("id").values_list("worker", "pk")
    )
    states = [_worker(worker, running.get(worker.name)) for worker in found]
    return sorted(states, key=lambda worker: worker.name)


def _worker(found: Any, job_id: UUID | None) -> WorkerState:
    return WorkerState(
        name=found.name,
        queues=list(found.queue_names()),
        # Redis is not told of each call, so what it knows is whether work was suspended.
        state="busy" if job_id else "suspended" if found.get_state() == "suspended" else "idle",
        job_id=str(job_id or ""),
        hostname=found.hostname or "",
        pid=found.pid,
        born=found.birth_date,
        heartbeat=found.last_heartbeat,
        done=found.successful_job_count,
        failed=found.failed_job_count,
    )


def queues(known: list[WorkerState]) -> list[QueueState]:
    """Every queue, with the ``known`` workers that listen on it. Raises ``RedisError``."""
    rows = waiting()
    alive = [worker for worker in known if not worker.silent]
    return [
        QueueState(
            name=name,
            depth=get_queue(name, queue_class=ToolkitQueue).count,
            waiting=rows[name].count,
            oldest=rows[name].oldest,
            running=rows[name].running,
            workers=sum(name in worker.queues for worker in alive),
        )
        for name in QUEUES
    ]


@dataclass(frozen=True)
class Waiting:
    """The jobs of a queue, as the database has them."""

    count: int
    oldest: datetime | None
    running: int


def waiting() -> dict[str, Waiting]:
    """What waits and runs in each queue, whether or not Redis can be reached."""
    queued: dict[str, Any] = {
        row["queue"]: row
        for row in Job.objects.filter(state=JobState.QUEUED)
        .order_by()
        .values("queue")
        .annotate(count=Count("pk"), oldest=Min("created_at"))
    }
    active = dict(
        Job.objects.filter(state__in=ACTIVE)
        .order_by()
        .values_list("queue")
        .annotate(count=Count("pk"))
    )
    nothing = {"count": 0, "oldest": None}
    found = {}
    for name in QUEUES:
        row = queued.get(name, nothing)
        found[name] = Waiting(row["count"], row["oldest"], active.get(name, 0))
    return found


def lease() -> LeaseState | None:
    """The scheduler's lease; None while no scheduler has ever run."""
    row = SchedulerLease.objects.first()
    return LeaseState(row.holder, row.expires_at) if row else None
