"""Concurrency limits and named locks: what a job must hold before it may run.

Each is a key with a capacity. To hold one is to have a row in ``JobLock``, whose uniqueness keeps
the capacity whatever runs at the same time. A job that finds a key taken says so in
``waits_for`` and is left alone until a holder lets go.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction

from toolkits.jobs import queues
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobLock

_LONGEST = 200
_MOST_LOCKS = 100
_FIELD = re.compile(r"\{([a-z_][a-z0-9_]*)\}", re.IGNORECASE)
Limit = tuple[str, int]


def concurrency_limit(slug: str, described: dict[str, Any], inputs: dict[str, Any]) -> Limit | None:
    """The key and capacity of an operation's ``concurrency``, if it has one."""
    concurrency = described.get("concurrency")
    if not concurrency:
        return None
    name = f"{slug}.{described['name']}"
    match concurrency.get("scope"):
        case "toolkit":
            key = f"toolkit:{slug}"
        case "key":
            key = f"key:{name}:{_text(inputs.get(concurrency.get('key') or ''))}"
        case _:
            key = f"operation:{name}"
    return _short(key), max(1, int(concurrency.get("limit") or 1))


def lock_limits(described: dict[str, Any], inputs: dict[str, Any]) -> list[Limit]:
    """The named locks of an operation, filled in from the inputs. A list makes one for each."""
    templates = described.get("locks") or ()
    found = {f"lock:{name}" for template in templates for name in _fill(template, inputs)}
    return [(_short(key), 1) for key in sorted(found)[:_MOST_LOCKS]]


def _fill(template: str, inputs: dict[str, Any]) -> Iterator[str]:
    parts = _FIELD.split(template)
    choices = [
        [part] if index % 2 == 0 else _choices(inputs.get(part)) for index, part in enumerate(parts)
    ]
    for chosen in itertools.islice(itertools.product(*choices), _MOST_LOCKS):
        yield "".join(chosen)


def _choices(value: Any) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _short(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"{key[: _LONGEST - 33]}#{digest}"


def acquire(job: Job) -> str:
    """Take everything that ``job`` needs, in the caller's transaction.

    Returns the empty string, or the key that is taken; then nothing was taken. What a job
    above this one holds counts as held: it waits for this one.
    """
    if not job.limits:
        return ""
    held = _held_in_family(job)
    taken = transaction.savepoint()
    # One order for everybody, so that no two jobs wait for each other's rows.
    for key, capacity in sorted(map(tuple, job.limits)):
        if key not in held and not take(key, capacity, job):
            transaction.savepoint_rollback(taken)
            return str(key)
    transaction.savepoint_commit(taken)
    return ""


def _held_in_family(job: Job) -> set[str]:
    family, above = [job.pk], job.parent_id
    while above is not None:
        family.append(above)
        above = Job.objects.filter(pk=above).values_list("parent_id", flat=True).first()
    return set(JobLock.objects.filter(job_id__in=family).values_list("key", flat=True))


def take(key: str, capacity: int, job: Job, *, admission: bool = False) -> bool:
    """Take one place of ``key``; whether there was one."""
    taken = set(JobLock.objects.filter(key=key).values_list("slot", flat=True))
    if len(taken) >= capacity:
        return False
    for slot in range(capacity):
        if slot in taken:
            continue
        row = JobLock(key=key, slot=slot, job=job, admission=admission)
        JobLock.objects.bulk_create([row], ignore_conflicts=True)
        if JobLock.objects.filter(key=key, slot=slot, job=job).exists():
            return True
    return False


def release(job: Job, *, ended: bool) -> None:
    """Let go of what the attempt held, or with ``ended`` of everything, and wake who waits.

    Runs in the caller's transaction; waking follows its commit.
    """
    if not job.limits:
        return
    mine = JobLock.objects.filter(job=job)
    mine = mine if ended else mine.filter(admission=False)
    keys = list(mine.values_list("key", flat=True))
    if keys:
        mine.delete()
        transaction.on_commit(lambda: wake(keys))


def wake(keys: Iterable[str]) -> int:
    """Make jobs that wait for one of ``keys`` ready, as many as there are free places.

    Called after a holder let go and after a job began to wait, each time once that is
    committed: whichever of the two comes last sees the other.
    """
    return sum(_wake(key) for key in set(keys))


def _wake(key: str) -> int:
    waiting = Job.objects.filter(state=JobState.QUEUED, waits_for=key)
    first = waiting.order_by("turn", "id").first()
    if first is None:
        return 0
    capacity = next((size for name, size in first.limits if name == key), 1)
    free = capacity - JobLock.objects.filter(key=key).count()
    woken = 0
    for job in waiting.order_by("turn", "id")[: max(0, free)]:
        if Job.objects.filter(pk=job.pk, state=JobState.QUEUED, waits_for=key).update(waits_for=""):
            queues.call_worker(job.queue)
            woken += 1
    return woken


def wake_all() -> int:
    """Wake whoever could run by now; the sweep calls it for what a crash left asleep."""
    waiting = Job.objects.filter(state=JobState.QUEUED).exclude(waits_for="")
    return wake(waiting.order_by("waits_for").values_list("waits_for", flat=True).distinct())


def holders(job: Job) -> list[JobLock]:
    """Who holds what ``job`` waits for, with their jobs; empty when it waits for nothing."""
    if not job.waits_for:
        return []
    return list(JobLock.objects.filter(key=job.waits_for).select_related("job").order_by("slot"))


def describe(key: str) -> str:
    """Return a key as people read it."""
    kind, _, rest = key.partition(":")
    match kind:
        case "toolkit":
            return f"the limit of the toolkit {rest}"
        case "operation":
            return f"the limit of the operation {rest}"
        case "key":
            name, _, value = rest.partition(":")
            return f"the limit of {name} for {value}"
        case "schedule":
            return "the run before it, of the same schedule"
        case "lock":
            return f"the lock {rest}"
        case "cleanup":
            return "the cleanup hook of the attempt before"
    return key
