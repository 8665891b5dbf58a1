"""The list of jobs, one job, and the parts of it that are live."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.access import scope
from toolbox.keyset import keyset
from toolkits import access, console
from toolkits.errors import NotUsable
from toolkits.jobs import job_secrets, logs
from toolkits.jobs.cancel import request_cancel
from toolkits.models import Job
from toolkits.pages import cells
from toolkits.pages.guards import PageRequest, find_job, is_partial, page, refuse_unless
from toolkits.pages.job_filters import JobFilters

LOG_TAIL = 500
PAGE_SIZE = 50


@require_safe
@page
def job_list(request: PageRequest) -> HttpResponseBase:
    """Show jobs, newest first, narrowed by filters, a page at a time."""
    filters = JobFilters.read(request.GET)
    visible = access.visible_jobs(request.user)
    found = filters.apply(visible).select_related("requested_by")
    shown = keyset(found, request.GET, PAGE_SIZE)
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
        "toolkits": access.visible_toolkits(request.user).order_by("name"),
        "sees_all": bool(scope(request.user, "toolkits.view_all_jobs")),
    }
    name = "jobs/_list.html" if is_partial(request) else "jobs/list.html"
    return render(request, name, context)


@require_safe
@page
def job_detail(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Show one job whole: state, log, result, attempts, inputs, files."""
    job = find_job(request.user, job_id)
    after = max(0, job.log_lines - LOG_TAIL)
    context = {
        **live_context(request, job),
        "log": logs.read(job, after, LOG_TAIL),
        "log_after": after,
        "inputs": _inputs(job),
    }
    return render(request, "jobs/detail.html", context)


@require_safe
@page
def job_live(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Show the part of a job's page that changes while it runs."""
    job = find_job(request.user, job_id)
    return render(request, "jobs/_live_answer.html", live_context(request, job))


@require_safe
@page
def job_result_part(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Show the result of a short operation, for the page of its form."""
    job = find_job(request.user, job_id)
    return render(request, "toolkits/_run_result.html", {"job": job})


@require_POST
@page
def job_cancel(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Ask that a job stops."""
    job = find_job(request.user, job_id)
    refuse_unless(access.can_cancel(request.user, job))
    try:
        job = request_cancel(job, request.user)
    except NotUsable as error:
        if not is_partial(request):
            messages.warning(request, str(error))
    if is_partial(request):
        return render(request, "jobs/_live_answer.html", live_context(request, job))
    return redirect("job-detail", job.pk)


def live_context(request: PageRequest, job: Job) -> dict[str, Any]:
    """What the live part of a job's page needs."""
    can_run = job.toolkit is not None and access.can_use(request.user, job.toolkit, job.operation)
    described = job.toolkit.operation(job.operation) if job.toolkit else None
    return {
        "job": job,
        "attempts": list(job.attempts.all()),
        "artifacts": list(job.artifacts.order_by("name")),
        "can_cancel": not job.is_finished and access.can_cancel(request.user, job),
        "can_run_again": can_run and described is not None,
    }


def _inputs(job: Job) -> list[dict[str, Any]]:
    shown = job_secrets.public(job.inputs)
    return [
        {
            "name": name,
            "value": shown[name],
            "text": _input_text(value),
            "secret": job_secrets.is_mark(value),
        }
        for name, value in job.inputs.items()
    ]


def _input_text(value: Any) -> str:
    """Return an input on a line, or a line for each entry; empty where it needs JSON."""
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return "\n".join(cells.plain_text(one) for one in value) or "–"
    if isinstance(value, dict) and set(value) == {"name", "content"}:
        return str(value["name"])
    return "" if isinstance(value, dict | list) else cells.plain_text(value)
