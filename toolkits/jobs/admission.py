"""Whether one more request is let in, where an operation rejects or coalesces conflicting runs.

The place is taken with the request and in its transaction, so that of two requests at the same
moment one alone gets it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.utils.translation import gettext

from toolkits.access import visible_jobs
from toolkits.errors import NotUsable
from toolkits.jobs import limits
from toolkits.models import Job, JobLock
from toolkits.schemas import secret_names


class Joined(Exception):
    """The request is served by ``job``, which was there before."""

    def __init__(self, job: Job) -> None:
        super().__init__(str(job.pk))
        self.job = job


def admit(job: Job, described: dict[str, Any], user: Any) -> None:
    """Let a job in that was just written, or raise ``NotUsable`` or ``Joined``."""
    concurrency = described.get("concurrency") or {}
    match concurrency.get("on_conflict"):
        case "reject":
            _admit_or_reject(job, described)
        case "coalesce" if not secret_names(described["inputs"]) and job.parent_id is None:
            _admit_or_join(job, user)


def _admit_or_reject(job: Job, described: dict[str, Any]) -> None:
    limit = limits.concurrency_limit(job.toolkit_slug, described, job.inputs)
    if limit is None or limits.take(*limit, job, admission=True):
        return
    holder = JobLock.objects.filter(key=limit[0]).order_by("slot").first()
    by = f" by job {holder.job_id}" if holder else ""
    raise NotUsable(
        gettext("It is not started: %(lock)s is taken%(by)s.")
        % {"lock": limits.describe(limit[0]), "by": by}
    )


def _admit_or_join(job: Job, user: Any) -> None:
    key = f"same:{_fingerprint(job)}"
    if limits.take(key, 1, job, admission=True):
        return
    holder = JobLock.objects.filter(key=key).select_related("job").first()
    # Somebody who may not see the other job gets one of their own, which then waits its turn.
    if holder and user is not None and visible_jobs(user).filter(pk=holder.job_id).exists():
        raise Joined(holder.job)


def _fingerprint(job: Job) -> str:
    whole = [job.toolkit_slug, job.operation, job.version_id, job.dry_run, job.inputs]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
