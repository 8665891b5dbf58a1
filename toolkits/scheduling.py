"""What the scheduler does, and the lease by which one of several schedulers does it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DatabaseError, IntegrityError, connection
from django.db.models import Q
from django.utils import timezone

from accounts import housekeeping
from audit import chain, forward, retention, verification
from toolkits import cards, history, mailing
from toolkits.bundles import planning
from toolkits.catalogs import refresh as catalogs
from toolkits.jobs import approvals, recovery
from toolkits.jobs import retention as job_retention
from toolkits.models import SchedulerLease
from toolkits.models.scheduler import LEASE
from toolkits.notify import deliver
from toolkits.schedules import firing

log = logging.getLogger(__name__)

_NAME = "scheduler"

#: Each task and the seconds between two of its runs.
TASKS: list[tuple[Callable[[], int], float]] = [
    (recovery.recover_lost, 2.0),
    (recovery.start_due, 1.0),
    (firing.run_due, 1.0),
    (recovery.sweep_queued, 5.0),
    (approvals.expire_due, 5.0),
    (deliver.deliver_due, 5.0),
    (mailing.call_due, 2.0),
    (cards.refresh_due, 1.0),
    (planning.sweep, 300.0),
    (catalogs.ask_due, 60.0),
    (history.enforce_limits, 900.0),
    (chain.seal_pending, 1.0),
    (forward.forward_due, 1.0),
    (verification.advance, 1.0),
    (verification.begin_due, 600.0),
    (retention.prune_due, 3600.0),
    (job_retention.prune_due, 600.0),
    (housekeeping.prune, 3600.0),
]


def hold_lease(holder: str) -> bool:
    """Take or renew the lease; whether ``holder`` now has it."""
    now = timezone.now()
    free = Q(holder=holder) | Q(expires_at__lt=now)
    rows = SchedulerLease.objects.filter(free, name=_NAME)
    if rows.update(holder=holder, expires_at=now + LEASE):
        return True
    if SchedulerLease.objects.filter(name=_NAME).exists():
        return False
    try:
        SchedulerLease.objects.create(name=_NAME, holder=holder, expires_at=now + LEASE)
    except IntegrityError:
        return False
    return True


def release_lease(holder: str) -> None:
    """Let another scheduler take over at once."""
    SchedulerLease.objects.filter(name=_NAME, holder=holder).delete()


class Timetable:
    """Runs each task when it is due. A task that fails is logged and tried again next time."""

    def __init__(self) -> None:
        self._due = {task: 0.0 for task, _ in TASKS}

    def run_due(self, now: float) -> None:
        """Run what is due at ``now`` (monotonic seconds)."""
        for task, every in TASKS:
            if now >= self._due[task]:
                self._due[task] = now + every
                try:
                    task()
                except DatabaseError:
                    log.exception("%s failed and will be tried again", task.__name__)
                    # While it was away no worker could renew a lease.
                    recovery.reaper.forget()
                    connection.close()
