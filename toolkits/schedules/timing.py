"""When a schedule is due: cron expressions in a time zone, intervals, single moments.

Cron follows Debian's: a time that a clock change skips runs right after it, one that comes
twice runs once, and an expression that names every minute or hour runs in real time.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from django.utils.translation import gettext as _

from toolkits.errors import FieldError, InputError
from toolkits.models import Schedule, ScheduleKind

SHORTEST_INTERVAL = 10
_LONGEST_INTERVAL = 366 * 86_400
_LONGEST_JITTER = 86_400


def check(schedule: Schedule) -> None:
    """Raise ``InputError`` for a schedule that can never be due, or whose time is nonsense."""
    errors = [FieldError((name,), message) for name, message in _wrong(schedule)]
    if errors:
        raise InputError(errors)


def _wrong(schedule: Schedule) -> Iterator[tuple[str, str]]:
    if schedule.time_zone not in available_timezones():
        yield "time_zone", _("is not a time zone: %(zone)s") % {"zone": schedule.time_zone}
        return
    if not 0 <= schedule.jitter_seconds <= _LONGEST_JITTER:
        yield "jitter_seconds", _between(0, _LONGEST_JITTER)
    match schedule.kind:
        case ScheduleKind.CRON:
            if message := _wrong_cron(schedule):
                yield "cron", message
        case ScheduleKind.INTERVAL:
            seconds = schedule.interval_seconds or 0
            if not SHORTEST_INTERVAL <= seconds <= _LONGEST_INTERVAL:
                yield "interval_seconds", _between(SHORTEST_INTERVAL, _LONGEST_INTERVAL)
        case ScheduleKind.ONCE:
            if schedule.run_at is None:
                yield "run_at", _("is required")
        case _:
            known = {"known": ", ".join(ScheduleKind.values)}
            yield "kind", _("must be one of %(known)s") % known


def _between(least: int, most: int) -> str:
    limits = {"least": f"{least:,}", "most": f"{most:,}"}
    return _("must be between %(least)s and %(most)s seconds") % limits


def _wrong_cron(schedule: Schedule) -> str:
    try:
        next(due_times(schedule, datetime.now(UTC)))
    except CronSimError as error:
        return _("is not a cron expression: %(error)s") % {"error": error}
    except StopIteration:
        return _("is never due")
    return ""


def due_times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield the times in UTC at which it is due, from the first one after ``after`` on."""
    match schedule.kind:
        case ScheduleKind.CRON:
            local = after.astimezone(ZoneInfo(schedule.time_zone))
            for moment in CronSim(schedule.cron, local):
                yield moment.astimezone(UTC)
        case ScheduleKind.INTERVAL:
            step = timedelta(seconds=schedule.interval_seconds or SHORTEST_INTERVAL)
            passed = max(0, (after - schedule.created_at) // step)
            first = schedule.created_at + step * passed
            for number in itertools.count(1):
                yield first + step * number
        case ScheduleKind.ONCE:
            if schedule.run_at is not None and schedule.run_at > after:
                yield schedule.run_at


def starts_at(schedule: Schedule, due: datetime) -> datetime:
    """When the run that is due at ``due`` starts: later by a share of the jitter that is the
    same whenever it is asked for, so that what is shown is what happens."""
    if not schedule.jitter_seconds:
        return due
    digest = hashlib.sha256(f"{schedule.pk} {due.isoformat()}".encode()).digest()
    late = int.from_bytes(digest[:8], "big") % (schedule.jitter_seconds + 1)
    return due + timedelta(seconds=late)


def next_runs(schedule: Schedule, count: int = 5, after: datetime | None = None) -> list[datetime]:
    """The next times at which it starts, as far as it is not paused."""
    times = itertools.islice(due_times(schedule, after or datetime.now(UTC)), count)
    return [starts_at(schedule, due) for due in times]


def in_words(schedule: Schedule) -> str:
    """Say in words when it is due."""
    match schedule.kind:
        case ScheduleKind.CRON:
            try:
                words = CronSim(schedule.cron, datetime.now(UTC)).explain()
            except CronSimError:
                words = schedule.cron
            return f"{words} ({schedule.time_zone})"
        case ScheduleKind.INTERVAL:
            return _("Every %(time)s") % {"time": _length(schedule.interval_seconds or 0)}
    if schedule.run_at is None:
        return _("Never")
    when = schedule.run_at.astimezone(ZoneInfo(schedule.time_zone))
    return _("Once, at %(time)s") % {"time": f"{when:%Y-%m-%d %H:%M} ({schedule.time_zone})"}


def _length(seconds: int) -> str:
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)


def plan_next(schedule: Schedule, after: datetime) -> None:
    """Set when it is due next, on the object alone."""
    due = next(due_times(schedule, after), None)
    schedule.due_at = due
    schedule.next_run_at = starts_at(schedule, due) if due else None
