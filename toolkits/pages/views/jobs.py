"""The list of jobs, one job, and the parts of it that are live."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import scope
from toolbox.keyset import looked_through
from toolkits import access, console
from toolkits.jobs import logs
from toolkits.pages import job_parts
from toolkits.pages.guards import PageRequest, find_job, is_partial, page
from toolkits.pages.job_filters import JobFilters

LOG_TAIL = 500
PAGE_SIZE = 50
#: Columns that no list shows.
HEAVY = ("inputs", "result", "error")


@require_safe
@page
def job_list(request: PageRequest) -> HttpResponseBase:
    """Show jobs, newest first, narrowed by filters, a page at a time."""
    filters = JobFilters.read(request.GET)
    visible = access.visible_jobs(request.user)
    found = filters.apply(visible).select_related("requested_by").defer(*HEAVY)
    shown = looked_through(found, filters.looked_for, request.GET, PAGE_SIZE)
    selecting = "select" in request.GET
    newest = "before" not in request.GET and "after" not in request.GET
    context: dict[str, Any] = {
        "query": filters.as_query(),
        "saved": console.preferences(request.user).job_filters,
        "selecting": selecting,
        "live": newest and not selecting and any(not job.is_finished for job in shown.rows),
        "jobs": shown.rows,
        "paging": shown,
        "filters": filters,
        "toolkits": access.visible_toolkits(request.user).order_by("name").values("slug", "name"),
        "sees_all": bool(scope(request.user, "toolkits.view_all_jobs")),
    }
    name = "jobs/_list.html" if is_partial(request) else "jobs/list.html"
    return render(request, name, context)


@require_safe
@page
def job_detail(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Show one job whole: state, log, result, attempts, inputs, files."""
    seen = access.visible_jobs(request.user)
    job = find_job(request.user, job_id, seen)
    after = max(0, job.log_lines - LOG_TAIL)
    context = {
        **job_parts.live(request, job, seen),
        "log": logs.read(job, after, LOG_TAIL, is_fresh=True),
        "log_after": after,
        "inputs": job_parts.inputs(job),
    }
    return render(request, "jobs/detail.html", context)


@require_safe
@page
def job_live(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Show the part of a job's page that changes while it runs."""
    seen = access.visible_jobs(request.user)
    job = find_job(request.user, job_id, seen)
    return render(request, "jobs/_live_answer.html", job_parts.live(request, job, seen))


@require_safe
@page
def job_result_part(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Show the result of a short operation, for the page of its form."""
    job = find_job(request.user, job_id)
    return render(request, "toolkits/_run_result.html", {"job": job})
