"""Jobs that wait for each other in a circle, so that none of them would ever go on.

What a job holds it takes at once or not at all, so a circle always leads through a parent: it
holds a lock, waits for its child, and the child waits for what another one holds that waits in
turn for this parent. The last thing that closes a circle is a job that begins to wait, so it is
looked for then; the sweep looks again, for two that began at the same moment.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from toolkits.jobs import limits
from toolkits.jobs.ending import end_waiting
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobLock

log = logging.getLogger(__name__)

#: So many waiting jobs are looked at; more are looked at when some of them have gone.
_MOST = 5_000


def _may_close_one(job: Job) -> bool:
    """Whether somebody may wait for the job, and whoever holds what it waits for has children,
    or waits, too: one question, which few jobs get past."""
    holders = JobLock.objects.filter(key=job.waits_for).exclude(job=job)
    stuck = Q(job__has_children=True) | ~Q(job__waits_for="")
    if not holders.filter(stuck).exists():
        return False
    return job.parent_id is not None or JobLock.objects.filter(job=job).exists()


def break_all() -> int:
    """End one job of every circle; returns how many."""
    found = _Waiting.read()
    count = 0
    while circle := found.circle():
        # Whoever looks at the same circle at the same moment chooses the same: the youngest.
        chosen = max(job_id for job_id in circle if job_id in found.keys)
        holder = circle[(circle.index(chosen) + 1) % len(circle)]
        count += _end(chosen, found.keys[chosen], holder)
        found.forget(chosen)
    return count


def look_from(job: Job) -> int:
    """End what has to be ended now that ``job`` began to wait; returns how many jobs."""
    return break_all() if _may_close_one(job) else 0


def _end(job_id: UUID, key: str, holder: UUID) -> bool:
    job = Job.objects.get(pk=job_id)
    reason = (
        f"It was not run: it waits for {limits.describe(key)}, which job {holder} holds, and that "
        "one cannot go on before this one has ended."
    )
    ended = end_waiting(job, JobState.CANCELLED, reason, [JobState.QUEUED])
    if ended:
        log.warning("job %s waited in a circle for %s", job_id, key)
    return ended


@dataclass
class _Waiting:
    """Who waits for whom. ``keys`` has what each waiting job waits for, ``holders`` who holds
    that, ``children`` the waiting jobs and parents below each parent."""

    keys: dict[UUID, str] = field(default_factory=dict)
    holders: dict[str, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    children: dict[UUID, set[UUID]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def read(cls) -> _Waiting:
        """Read it from the database: only of jobs that somebody may wait for."""
        found = cls()
        held = JobLock.objects.filter(job=OuterRef("pk"))
        waiting = Job.objects.filter(state=JobState.QUEUED).exclude(waits_for="")
        waiting = waiting.filter(Q(parent__isnull=False) | Exists(held)).order_by("id")
        parents: set[UUID] = set()
        for pk, key, parent in waiting.values_list("pk", "waits_for", "parent_id")[:_MOST]:
            found.keys[pk] = key
            if parent is not None:
                found.children[parent].add(pk)
                parents.add(parent)
        if not found.keys:
            return found
        found._read_parents(parents)
        locks = JobLock.objects.filter(key__in=set(found.keys.values()))
        for key, holder in locks.values_list("key", "job_id"):
            found.holders[key].add(holder)
        found._leave_out_hooks()
        return found

    def _leave_out_hooks(self) -> None:
        """Leave out those that hold themselves what they wait for: the end of the cleanup hook
        of their attempt before, which a worker runs."""
        for job_id in [one for one, key in self.keys.items() if one in self.holders[key]]:
            self.forget(job_id)

    def _read_parents(self, layer: set[UUID]) -> None:
        """Read the parents of parents, up to the top."""
        while layer:
            active = Job.objects.filter(pk__in=layer, state=JobState.RUNNING)
            running = dict(active.values_list("pk", "parent_id"))
            for gone in layer - running.keys():
                self.children.pop(gone, None)
            layer = set()
            for job_id, parent in running.items():
                if parent is not None:
                    self.children[parent].add(job_id)
                    layer.add(parent)

    def circle(self) -> list[UUID]:
        """The jobs of one circle, each of which waits for the next; empty when there is none."""
        stuck = self._stuck()
        if not stuck:
            return []
        path: list[UUID] = []
        current = min(stuck)
        while current not in path:
            path.append(current)
            current = min(self._waited_for(current) & stuck)
        return path[path.index(current) :]

    def _waited_for(self, job_id: UUID) -> set[UUID]:
        if job_id in self.keys:
            return self.holders[self.keys[job_id]]
        return self.children[job_id]

    def _stuck(self) -> set[UUID]:
        """The jobs that can never go on: those that wait for a place all of whose holders are
        among them, and the parents of such jobs."""
        stuck = {*self.keys, *self.children}
        while True:
            free = {job_id for job_id in stuck if self._goes_on(job_id, stuck)}
            if not free:
                return stuck
            stuck -= free

    def _goes_on(self, job_id: UUID, stuck: set[UUID]) -> bool:
        waited_for = self._waited_for(job_id)
        if job_id in self.keys:
            # One holder that lets go is enough; without any it is about to be woken.
            return not waited_for or not waited_for <= stuck
        return not waited_for & stuck

    def forget(self, job_id: UUID) -> None:
        """Leave a job out that has ended."""
        self.keys.pop(job_id, None)
        for children in self.children.values():
            children.discard(job_id)
