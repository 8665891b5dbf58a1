"""Secrets whose owner is gone: left behind where Vault was away when the owner ended, or where the
row was never written after its secret was.

A secret is written before its row. So one without an owner is deleted only when it was without at
the last look, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from uuid import UUID

from toolbox import secrets
from toolbox.secrets import SecretsError
from toolkits.jobs.states import TERMINAL
from toolkits.models import Job, Record, Schedule, Toolkit

log = logging.getLogger(__name__)

_MOST = 500
_BATCH = 500
_seen: set[str] = set()


def sweep() -> int:
    """Delete what had no owner twice in a row; returns how many. Vault may be away: then none."""
    global _seen
    try:
        found = set(_orphans())
        gone = sorted(found & _seen)[:_MOST]
        for path in gone:
            secrets.client().delete(path)
            log.warning("the secret at %s had no owner any more and was deleted", path)
    except SecretsError as error:
        log.info("secrets without owners are looked for later: %s", error)
        return 0
    _seen = found - set(gone)
    return len(gone)


def forget() -> None:
    """Begin anew, for tests."""
    _seen.clear()


def _orphans() -> Iterator[str]:
    yield from _without_owner("jobs", _unfinished_jobs)
    yield from _without_owner("schedules", _schedules)
    # What an uninstalled toolkit left was left on purpose: it may come back.
    for slug in Toolkit.objects.values_list("slug", flat=True):
        base = f"toolkits/{slug}/records"
        for collection in secrets.client().names(base):
            yield from _without_owner(f"{base}/{collection.rstrip('/')}", _records)


def _without_owner(folder: str, owners: Callable[[list[str]], set[str]]) -> Iterator[str]:
    names = [name for name in secrets.client().names(folder) if _is_id(name)]
    for start in range(0, len(names), _BATCH):
        batch = names[start : start + _BATCH]
        owned = owners(batch)
        yield from (f"{folder}/{name}" for name in batch if name not in owned)


def _is_id(name: str) -> bool:
    """Whether a name is one that the platform gave."""
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _unfinished_jobs(ids: list[str]) -> set[str]:
    found = Job.objects.filter(pk__in=ids).exclude(state__in=TERMINAL)
    return set(map(str, found.values_list("pk", flat=True)))


def _schedules(ids: list[str]) -> set[str]:
    return set(map(str, Schedule.objects.filter(pk__in=ids).values_list("pk", flat=True)))


def _records(ids: list[str]) -> set[str]:
    return set(map(str, Record.objects.filter(pk__in=ids).values_list("pk", flat=True)))
