"""Who holds what a job waits for, as far as somebody may know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from toolkits.access import visible_jobs
from toolkits.jobs import limits
from toolkits.models import Job


@dataclass(frozen=True)
class Holder:
    """Somebody who holds a limit or a lock. ``job`` is None where the viewer may not see it."""

    job: Job | None
    since: datetime


def seen_by(user: Any, job: Job) -> list[Holder]:
    """Who holds what ``job`` waits for; the jobs that ``user`` does not see stay nameless."""
    locks = [lock for lock in limits.holders(job) if lock.job_id != job.pk]
    if not locks:
        return []
    ids = [lock.job_id for lock in locks]
    seen = set(visible_jobs(user).filter(pk__in=ids).values_list("pk", flat=True))
    return [
        Holder(lock.job if lock.job_id in seen else None, lock.acquired_at) for lock in locks
    ]
