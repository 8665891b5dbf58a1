"""The list of schedules, and what is done with one at a click."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from toolbox.keyset import keyset
from toolbox.problems import Problem
from toolkits import access
from toolkits.models import Schedule
from toolkits.pages.guards import PageRequest, page, refuse_unless
from toolkits.schedules import service, timing

PAGE_SIZE = 25


@require_safe
@page
def schedule_list(request: PageRequest) -> HttpResponseBase:
    """Show schedules with when they run next, the newest first, narrowed by state and toolkit."""
    state, toolkit = request.GET.get("state", ""), request.GET.get("toolkit", "")[:64]
    visible = access.visible_schedules(request.user).select_related("toolkit__active_version")
    found = _in_state(visible, state)
    if toolkit:
        found = found.filter(toolkit__slug=toolkit)
    shown = keyset(found.distinct(), request.GET, PAGE_SIZE)
    context = {
        "schedules": [row(request, schedule) for schedule in shown.rows],
        "paging": shown,
        "state": state,
        "toolkit": toolkit,
        "toolkits": access.visible_toolkits(request.user).order_by("name").values("slug", "name"),
    }
    return render(request, "schedules/list.html", context)


def _in_state(found: QuerySet[Schedule], state: str) -> QuerySet[Schedule]:
    match state:
        case "active":
            return found.filter(paused_at=None, problem="", next_run_at__isnull=False)
        case "paused":
            return found.filter(paused_at__isnull=False)
        case "problem":
            return found.exclude(problem="")
    return found


def row(request: PageRequest, schedule: Schedule) -> dict[str, Any]:
    """A schedule as pages show it."""
    described = schedule.toolkit.operation(schedule.operation) or {}
    return {
        "schedule": schedule,
        "title": described.get("title") or schedule.operation,
        "effect": described.get("effect", "read"),
        "when": timing.in_words(schedule),
        "runs": service.next_runs(schedule),
        "can_change": access.can_change_schedule(request.user, schedule),
        "can_run": access.can_use(request.user, schedule.toolkit, schedule.operation),
    }


def find_schedule(request: PageRequest, schedule_id: UUID) -> Schedule:
    """Return a schedule that the user sees, else answer 404."""
    schedules = access.visible_schedules(request.user).select_related("toolkit__active_version")
    schedule = schedules.filter(pk=schedule_id).first()
    if schedule is None:
        raise Http404
    return schedule


def _to_change(request: PageRequest, schedule_id: UUID) -> Schedule:
    schedule = find_schedule(request, schedule_id)
    refuse_unless(access.can_change_schedule(request.user, schedule))
    return schedule


@require_POST
@page
def schedule_pause(request: PageRequest, schedule_id: UUID) -> HttpResponseBase:
    """Let a schedule rest."""
    schedule = service.pause(_to_change(request, schedule_id), request.user)
    messages.success(request, _("%(name)s is paused.") % {"name": schedule.name})
    return redirect("schedule-list")


@require_POST
@page
def schedule_resume(request: PageRequest, schedule_id: UUID) -> HttpResponseBase:
    """Let a paused schedule run again, from now on."""
    schedule = service.resume(_to_change(request, schedule_id), request.user)
    messages.success(request, _("%(name)s runs again.") % {"name": schedule.name})
    return redirect("schedule-list")


@require_POST
@page
def schedule_delete(request: PageRequest, schedule_id: UUID) -> HttpResponseBase:
    """Delete a schedule. Its jobs stay."""
    schedule = _to_change(request, schedule_id)
    service.delete(schedule, request.user)
    messages.success(request, _("%(name)s is deleted. Its jobs stay.") % {"name": schedule.name})
    return redirect("schedule-list")


@require_POST
@page
def schedule_run(request: PageRequest, schedule_id: UUID) -> HttpResponseBase:
    """Run it at once with its inputs, as oneself, beside its timetable."""
    schedule = find_schedule(request, schedule_id)
    refuse_unless(access.can_use(request.user, schedule.toolkit, schedule.operation))
    try:
        job = service.run_now(schedule, request.user)
    except Problem as error:
        messages.error(request, str(error))
        return redirect("schedule-list")
    return redirect("job-detail", job.pk)
