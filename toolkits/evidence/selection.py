"""What goes into a pack: the jobs, and the events about them and their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext

from audit.evidence import settle
from audit.models import Event
from toolbox.ids import uuid7_floor
from toolbox.problems import Problem
from toolkits import access
from toolkits.models import Job

MOST_JOBS = 200
MOST_EVENTS = 50_000


class NothingChosen(Problem):
    """A selection that no pack can be made of."""

    http_status = 422
    title = "Nothing to pack"


@dataclass(frozen=True)
class Selection:
    """Chosen jobs, and the numbers of the chosen events."""

    jobs: list[Job]
    events: frozenset[int]
    since: datetime | None
    until: datetime | None


def select(
    user: Any,
    *,
    job_ids: Sequence[UUID] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    toolkit: str = "",
) -> Selection:
    """Choose jobs by id, or those requested within a time, and the events that belong to them.

    Within a time range every event belongs; without one, those about the jobs. ``user`` None is
    the command line, which sees all. Raises ``NothingChosen`` with what to do about it.
    """
    if not job_ids and since is None and until is None:
        raise NothingChosen(gettext("Choose jobs, a time range, or both."))
    jobs = _jobs(user, job_ids, since, until, toolkit)
    settle()
    events = _events(jobs, since, until)
    if not jobs and not events:
        raise NothingChosen(gettext("No job and no event is in this selection."))
    return Selection(jobs, events, since, until)


def _jobs(
    user: Any,
    job_ids: Sequence[UUID],
    since: datetime | None,
    until: datetime | None,
    toolkit: str,
) -> list[Job]:
    jobs = Job.objects.all() if user is None else access.visible_jobs(user)
    jobs = jobs.select_related("requested_by", "version", "toolkit").order_by("id")
    if job_ids:
        found = list(jobs.filter(pk__in=job_ids)[: MOST_JOBS + 1])
        if missing := set(job_ids) - {job.pk for job in found}:
            raise NothingChosen(
                gettext("There is no job %(id)s that you may see.")
                % {"id": min(map(str, missing))}
            )
    else:
        found = list(jobs.filter(_within("created_at", since, until, toolkit))[: MOST_JOBS + 1])
    if len(found) > MOST_JOBS:
        raise NothingChosen(
            gettext("More than %(most_jobs)s jobs: choose fewer, or a shorter time.")
            % {"most_jobs": MOST_JOBS}
        )
    return found


def _within(column: str, since: datetime | None, until: datetime | None, toolkit: str = "") -> Q:
    condition = Q(toolkit_slug=toolkit) if toolkit else Q()
    if since is not None:
        condition &= Q(**{f"{column}__gte": since, "id__gte": uuid7_floor(since)})
    if until is not None:
        condition &= Q(**{f"{column}__lt": until, "id__lt": uuid7_floor(until)})
    return condition


def _events(jobs: list[Job], since: datetime | None, until: datetime | None) -> frozenset[int]:
    keys = [str(job.pk) for job in jobs]
    about = Q(target_type="toolkits.job", target_id__in=keys) | Q(job_id__in=keys)
    wanted = about if since is None and until is None else about | _within("time", since, until)
    sealed = Event.objects.filter(wanted, sequence__isnull=False)
    numbers = list(sealed.values_list("sequence", flat=True)[: MOST_EVENTS + 1])
    if len(numbers) > MOST_EVENTS:
        raise NothingChosen(
            gettext("More than %(most_events)s events: choose a shorter time.")
            % {"most_events": MOST_EVENTS}
        )
    return frozenset(number for number in numbers if number is not None)
