"""How a toolkit fares: how its latest runs ended, how long they took, what is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from toolkits.access import visible_jobs, visible_schedules
from toolkits.jobs.states import JobState
from toolkits.models import Job, Notice, Schedule, Toolkit

#: So many of the latest jobs are looked at, of so many days: a page costs the same however much
#: has run.
MOST_JOBS, DAYS = 500, 30
_NOTICE_DAYS = 7
_COUNTED = (JobState.SUCCEEDED, JobState.FAILED, JobState.TIMED_OUT, JobState.LOST)
_GOOD, _FAIR = 99.0, 90.0


@dataclass(frozen=True)
class Run:
    """One run that ended by itself: what counts for the success rate."""

    operation: str
    ended: datetime
    seconds: float
    succeeded: bool


@dataclass(frozen=True)
class Finding:
    """One line about the toolkit's health."""

    state: str
    text: str
    url: str = ""


def runs_of(jobs: Iterable[Job]) -> list[Run]:
    """The runs among ``jobs`` that succeeded or failed of late; cancelled ones say nothing."""
    since = timezone.now() - timedelta(days=DAYS)
    return [
        Run(
            job.operation,
            job.finished_at,
            max(0.0, (job.finished_at - (job.started_at or job.finished_at)).total_seconds()),
            job.state == JobState.SUCCEEDED,
        )
        for job in jobs
        if job.state in _COUNTED and job.finished_at and job.finished_at >= since
    ]


def percent(runs: Iterable[Run]) -> float | None:
    """How many of ``runs`` succeeded, of a hundred; None where there are none."""
    outcomes = [run.succeeded for run in runs]
    return 100 * sum(outcomes) / len(outcomes) if outcomes else None


def performance(runs: list[Run], titles: dict[str, str]) -> dict[str, Any] | None:
    """What the page draws of ``runs``: figures, two charts, a line for each operation."""
    if not runs:
        return None
    days: dict[datetime, list[Run]] = defaultdict(list)
    operations: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        local = timezone.localtime(run.ended)
        days[local.replace(hour=0, minute=0, second=0, microsecond=0)].append(run)
        operations[run.operation].append(run)
    ordered = sorted(days.items())
    return {
        "count": len(runs),
        "percent": percent(runs),
        "state": _state(percent(runs)),
        "median": median(run.seconds for run in runs),
        "operations": [_operation(name, titles, of) for name, of in sorted(operations.items())],
        "success": _chart("%", [(_("succeeded"), [(day, percent(of)) for day, of in ordered])]),
        "duration": _chart(
            "s",
            [
                (_("median"), [(day, median(run.seconds for run in of)) for day, of in ordered]),
                (_("slowest"), [(day, max(run.seconds for run in of)) for day, of in ordered]),
            ],
        ),
        "has_charts": len(ordered) > 1,
    }


def _operation(name: str, titles: dict[str, str], runs: list[Run]) -> dict[str, Any]:
    share = percent(runs)
    return {
        "name": name,
        "title": titles.get(name) or name,
        "count": len(runs),
        "percent": share,
        "state": _state(share),
        "median": median(run.seconds for run in runs),
        "slowest": max(run.seconds for run in runs),
    }


def _state(share: float | None) -> str:
    if share is None:
        return "unknown"
    return "ok" if share >= _GOOD else "warning" if share >= _FAIR else "critical"


def _chart(unit: str, lines: list[tuple[str, list[tuple[datetime, Any]]]]) -> dict[str, Any]:
    series = [
        {"label": label, "points": [[day.timestamp(), round(value, 3)] for day, value in points]}
        for label, points in lines
    ]
    return {"view": "time_series", "unit": unit, "series": series}


def health(
    user: Any, toolkit: Toolkit, runs: list[Run], cards: list[dict[str, Any]]
) -> list[Finding]:
    """What is wrong with a toolkit, the worst first; one good line where nothing is."""
    found = [*_cards(cards), *_schedules(user, toolkit), *_notices(user, toolkit)]
    share = percent(runs)
    if share is not None and share < _FAIR:
        text = _("%(share)d %% of its latest runs succeeded.") % {"share": share}
        found.append(Finding("warning", text))
    if not toolkit.enabled:
        found.append(Finding("warning", _("It is disabled.")))
    order = {"critical": 0, "warning": 1}
    return sorted(found, key=lambda one: order[one.state]) or [
        Finding("ok", _("Nothing is wrong that the platform knows of."))
    ]


def _cards(cards: list[dict[str, Any]]) -> Iterable[Finding]:
    for card in cards:
        if card["error"]:
            text = _("The card %(name)s fails: %(error)s")
            yield Finding("critical", text % {"name": card["title"], "error": card["error"][:160]})


def _schedules(user: Any, toolkit: Toolkit) -> Iterable[Finding]:
    broken: QuerySet[Schedule] = visible_schedules(user).filter(toolkit=toolkit).exclude(problem="")
    if count := broken.count():
        text = ngettext("%(n)d schedule does not run.", "%(n)d schedules do not run.", count)
        address = f"{reverse('schedule-list')}?state=problem&toolkit={toolkit.slug}"
        yield Finding("critical", text % {"n": count}, address)


def _notices(user: Any, toolkit: Toolkit) -> Iterable[Finding]:
    """The latest notice about each thing, of those from jobs that ``user`` sees."""
    since = timezone.now() - timedelta(days=_NOTICE_DAYS)
    told = Notice.objects.filter(toolkit=toolkit, created_at__gte=since)
    told = told.filter(job__in=visible_jobs(user).filter(toolkit=toolkit))
    seen: set[str] = set()
    for notice in told.order_by("-created_at")[:50]:
        about = notice.key or notice.title
        if about not in seen and notice.state in {"warning", "critical"}:
            yield Finding(
                str(notice.state), notice.title, reverse("job-detail", args=[notice.job_id])
            )
        seen.add(about)
