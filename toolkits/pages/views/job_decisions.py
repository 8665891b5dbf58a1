"""Decisions about a job: consent of a second person, and cancelling."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from toolbox.problems import Problem
from toolkits import access
from toolkits.errors import NotUsable
from toolkits.jobs import approvals
from toolkits.jobs.cancel import request_cancel
from toolkits.pages import job_parts
from toolkits.pages.guards import PageRequest, find_job, is_partial, page, refuse_unless


@require_POST
@page
def job_cancel(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Ask that a job stops."""
    seen = access.visible_jobs(request.user)
    job = find_job(request.user, job_id, seen)
    refuse_unless(access.can_cancel(request.user, job))
    try:
        job = request_cancel(job, request.user)
    except NotUsable as error:
        if not is_partial(request):
            messages.warning(request, str(error))
    if is_partial(request):
        return render(request, "jobs/_live_answer.html", job_parts.live(request, job, seen))
    return redirect("job-detail", job.pk)


@require_POST
@page
def job_decide(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Approve exactly what was looked at, or refuse it."""
    job = find_job(request.user, job_id)
    refuse_unless(access.can_approve(request.user, job))
    comment = request.POST.get("comment", "").strip()[:500]
    try:
        if request.POST.get("decision") == "approve":
            approvals.approve(job, request.user, request.POST.get("digest", ""), comment)
            messages.success(request, _("The job is approved."))
        else:
            approvals.reject(job, request.user, comment)
            messages.success(request, _("The job is refused and does not run."))
    except Problem as error:
        messages.error(request, str(error))
    return redirect("job-detail", job.pk)
