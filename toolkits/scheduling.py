"""What the scheduler does, and the lease by which one of several schedulers does it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, IntegrityError, connection
from django.db.models import Q
from django.utils import timezone

from accounts import housekeeping
from audit import chain, forward, retention, verification
from toolkits import cards, errands, history, orphans
from toolkits.bundles import planning
from toolkits.catalogs import refresh as catalogs
from toolkits.jobs import approvals, cleanups, recovery
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
    (cleanups.run_due, 5.0),
    (approvals.expire_due, 5.0),
    (deliver.deliver_due, 5.0),
    (errands.mail, 2.0),
    (errands.ask_directories, 30.0),
    (cards.refresh_due, 1.0),
    (planning.sweep, 300.0),
    (orphans.sweep, 1800.0),
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


class Leadership:
    """One scheduler's part in which of several acts.

    A lease that stands still for as long as leases last is taken, too, by this process's own
    monotonic clock: after a clock was set back, one that a dead scheduler left behind would
    otherwise hold everything up until the clock has caught up with it.
    """

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._seen: tuple[tuple[str, datetime], float] | None = None

    def hold(self) -> bool:
        """Take or renew the lease; whether this scheduler now has it."""
        now = timezone.now()
        free = Q(holder=self._holder) | Q(expires_at__lt=now)
        rows = SchedulerLease.objects.filter(name=_NAME)
        if rows.filter(free).update(holder=self._holder, expires_at=now + LEASE):
            self._seen = None
            return True
        other = rows.values_list("holder", "expires_at").first()
        return self._make() if other is None else self._inherit(other)

    def _inherit(self, other: tuple[str, datetime]) -> bool:
        """Take the lease of another scheduler that does not renew it."""
        if self._seen is None or self._seen[0] != other:
            self._seen = (other, time.monotonic())
            return False
        if time.monotonic() - self._seen[1] < LEASE.total_seconds():
            return False
        rows = SchedulerLease.objects.filter(name=_NAME, holder=other[0], expires_at=other[1])
        return bool(rows.update(holder=self._holder, expires_at=timezone.now() + LEASE))

    def _make(self) -> bool:
        try:
            SchedulerLease.objects.create(
                name=_NAME, holder=self._holder, expires_at=timezone.now() + LEASE
            )
        except IntegrityError:
            return False
        return True

    def release(self) -> None:
        """Let another scheduler take over at once."""
        SchedulerLease.objects.filter(name=_NAME, holder=self._holder).delete()


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
                except Exception:
                    # A mistake in one task must not end the others, lost jobs above all.
                    log.exception("%s failed and will be tried again", task.__name__)
