"""What on the dashboard waits for the person who looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db.models import prefetch_related_objects

from accounts.access import scope
from toolkits import access
from toolkits.catalogs import offers
from toolkits.catalogs.offers import Offer
from toolkits.jobs.states import JobState
from toolkits.models import Job, Schedule

_MOST = 5


@dataclass(frozen=True)
class Attention:
    """Jobs to decide on, schedules that do not run, and toolkits that have an update. False
    when nothing waits."""

    approvals: list[Job] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    updates: list[Offer] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.approvals or self.schedules or self.updates)


def of(user: Any, *, awaiting: bool) -> Attention:
    """Return what waits for ``user``; ``awaiting`` is whether they see jobs that await approval."""
    return Attention(_approvals(user) if awaiting else [], _schedules(user), _updates(user))


def _approvals(user: Any) -> list[Job]:
    if not scope(user, "toolkits.approve_job"):
        return []
    waiting = access.visible_jobs(user).filter(state=JobState.AWAITING_APPROVAL)
    waiting = waiting.exclude(requested_by=user).select_related("requested_by")
    found = list(waiting.defer("inputs", "result", "error").order_by("id")[: _MOST * 4])
    # Whoever is behind a job of a schedule stands in its approvals.
    prefetch_related_objects([job for job in found if not job.requested_by_id], "approvals")
    return [job for job in found if access.can_approve(user, job)][:_MOST]


def _schedules(user: Any) -> list[Schedule]:
    broken = access.visible_schedules(user).exclude(problem="").order_by("name")
    return list(broken[:_MOST])


def _updates(user: Any) -> list[Offer]:
    if not scope(user, "toolkits.change_toolkit"):
        return []
    newer = offers.updates()
    managed = (
        one
        for one in newer
        if one.installed and access.can_manage_toolkits(user, one.installed)
    )
    return list(islice(managed, _MOST))
