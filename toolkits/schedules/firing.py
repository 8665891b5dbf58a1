"""Runs what is due, once for each due time, whatever several schedulers do at the same moment."""

from __future__ import annotations

import itertools
import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from toolbox.events import emit
from toolbox.secrets import SecretsError
from toolkits.errors import InputError, NotUsable
from toolkits.jobs import job_secrets
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.dispatch import Origin, submit
from toolkits.jobs.states import UNFINISHED
from toolkits.models import Job, MissedPolicy, OverlapPolicy, Schedule
from toolkits.schedules import checking, timing
from toolkits.schedules.service import vault_path

log = logging.getLogger(__name__)

_BATCH = 100
#: A run is missed when nobody started it so long after its time.
GRACE = timedelta(seconds=60)
_MOST_MISSED = 100
_MOST_WAITING = 10


def run_due() -> int:
    """Request the runs of every schedule whose time has come; returns how many were requested."""
    now = timezone.now()
    due = Schedule.objects.filter(paused_at=None, next_run_at__lte=now)
    schedules = due.select_related("toolkit__active_version", "owner").order_by("next_run_at")
    count = 0
    for schedule in schedules[:_BATCH]:
        try:
            count += _turn(schedule, now)
        except SecretsError as error:
            # The turn is rolled back: it is tried again, and is missed if that takes too long.
            log.warning("schedule %s waits for Vault: %s", schedule.pk, error)
    return count


def _turn(schedule: Schedule, now: datetime) -> int:
    with transaction.atomic():
        if not _take_turn(schedule, now):
            return 0
        if problem := checking.problem_of(schedule):
            checking.flag(schedule, problem)
            return 0
        checking.flag(schedule, "")
        return sum(_run(schedule, due) for due in _runs(schedule, now))


def _take_turn(schedule: Schedule, now: datetime) -> bool:
    """Move the schedule on to its next time; whether it was still where it was read to be."""
    following = next(timing.due_times(schedule, now), None)
    rows = Schedule.objects.filter(pk=schedule.pk, due_at=schedule.due_at, paused_at=None)
    return bool(
        rows.update(
            due_at=following,
            next_run_at=timing.starts_at(schedule, following) if following else None,
            last_run_at=now,
        )
    )


def _runs(schedule: Schedule, now: datetime) -> list[datetime]:
    """The due times that are to be run now, by the policy for those that were missed."""
    assert schedule.due_at is not None
    later = itertools.takewhile(lambda due: due <= now, timing.due_times(schedule, schedule.due_at))
    due = [schedule.due_at, *itertools.islice(later, _MOST_MISSED)]
    allowed = GRACE + timedelta(seconds=schedule.jitter_seconds)
    fresh = [moment for moment in due if now - moment <= allowed]
    match schedule.missed:
        case MissedPolicy.ALL:
            return due
        case MissedPolicy.ONCE:
            return due[-1:]
    if len(fresh) < len(due):
        reason = f"{len(due) - len(fresh)} runs were missed while no scheduler ran"
        emit("schedule.skipped", target=schedule, reason=reason)
    return fresh[-1:]


def _run(schedule: Schedule, due: datetime) -> bool:
    unfinished = list(
        Job.objects.filter(
            schedule=schedule, parent=None, planned=None, state__in=UNFINISHED
        ).order_by("id")
    )
    if unfinished and not _make_way(schedule, unfinished):
        return False
    inputs, _ = job_secrets.reveal_at(vault_path(schedule), schedule.inputs)
    alone = schedule.overlap != OverlapPolicy.PARALLEL
    origin = Origin(
        schedule=schedule,
        scheduled_for=due,
        holds=((f"schedule:{schedule.pk}", 1),) if alone else (),
    )
    try:
        with transaction.atomic():
            submit(
                toolkit=schedule.toolkit,
                operation=schedule.operation,
                inputs=inputs,
                user=None,
                via="schedule",
                dry_run=schedule.dry_run,
                timeout=schedule.timeout_seconds,
                origin=origin,
            )
    except (InputError, NotUsable) as error:
        emit("schedule.skipped", target=schedule, outcome="failure", reason=str(error)[:500])
        return False
    return True


def _make_way(schedule: Schedule, unfinished: list[Job]) -> bool:
    """Whether a run may be requested beside those that have not ended."""
    match schedule.overlap:
        case OverlapPolicy.SKIP:
            reason = f"job {unfinished[0].pk} has not ended"
        case OverlapPolicy.QUEUE if len(unfinished) > _MOST_WAITING:
            reason = f"{len(unfinished)} of its jobs have not ended"
        case OverlapPolicy.REPLACE:
            for job in unfinished:
                _replace(job)
            return True
        case _:
            return True
    emit("schedule.skipped", target=schedule, reason=reason)
    return False


def _replace(job: Job) -> None:
    try:
        request_cancel(job, None, "Its schedule started the next run.")
    except NotUsable:
        log.info("job %s ended by itself before it was replaced", job.pk)
