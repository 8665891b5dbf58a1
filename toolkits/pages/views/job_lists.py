"""Many jobs at once: export, cancelling, running again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from toolbox.events import emit
from toolkits import access, tabular
from toolkits.errors import InputError, NotUsable
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.rerun import run_again
from toolkits.models import Job
from toolkits.pages.guards import PageRequest, page
from toolkits.pages.job_filters import JobFilters
from toolkits.pages.views.jobs import PAGE_SIZE

MOST_ROWS = 50_000
_MOST_LINES = 5
_COLUMNS = (
    "id", "toolkit", "version", "operation", "title", "state", "reason", "requested_by",
    "requested_via", "dry_run", "created_at", "started_at", "finished_at", "duration_seconds",
    "attempt",
)  # fmt: skip


@require_safe
@page
def job_export(request: PageRequest) -> HttpResponseBase:
    """Download the jobs that the filters leave, the newest first, as CSV."""
    found = _looked_for(JobFilters.read(request.GET), access.visible_jobs(request.user))
    rows = found.order_by()[:MOST_ROWS].count()
    emit("job.exported", actor=request.user, format="csv", rows=rows)
    text = tabular.csv_lines(_rows(found), list(_COLUMNS))
    response = StreamingHttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="jobs.csv"'
    return response


def _looked_for(filters: JobFilters, visible: QuerySet[Job]) -> QuerySet[Job]:
    """What the filters leave; words are looked for in the newest ``MOST_ROWS`` jobs."""
    found, wanted = filters.apply(visible), filters.looked_for
    if not wanted:
        return found
    edge = found.order_by("-id").values_list("pk", flat=True)[MOST_ROWS : MOST_ROWS + 1].first()
    return found.filter(wanted, id__gt=edge) if edge else found.filter(wanted)


def _rows(found: QuerySet[Job]) -> Iterator[dict[str, Any]]:
    heavy = ("inputs", "result", "error")
    jobs = found.select_related("requested_by").defer(*heavy).order_by("-id")[:MOST_ROWS]
    for job in jobs.iterator(chunk_size=500):
        length = job.duration if job.is_finished else None
        yield {
            "id": str(job.pk),
            "toolkit": job.toolkit_slug,
            "version": job.version_label,
            "operation": job.operation,
            "title": job.title,
            "state": str(job.state),
            "reason": job.reason,
            "requested_by": job.requested_by.username if job.requested_by else "",
            "requested_via": str(job.requested_via),
            "dry_run": job.dry_run,
            "created_at": job.created_at.isoformat(),
            "started_at": job.started_at.isoformat() if job.started_at else "",
            "finished_at": job.finished_at.isoformat() if job.finished_at else "",
            "duration_seconds": round(length.total_seconds(), 3) if length else None,
            "attempt": job.attempt,
        }


@require_POST
@page
def job_bulk_cancel(request: PageRequest) -> HttpResponseBase:
    """Ask the jobs that were ticked to stop; those that have ended stay as they are."""
    asked = left = 0
    for job in _ticked(request):
        if job.is_finished or not access.can_cancel(request.user, job):
            left += 1
            continue
        try:
            request_cancel(job, request.user)
            asked += 1
        except NotUsable:
            left += 1
    if asked:
        text = ngettext("%(n)d job was asked to stop.", "%(n)d jobs were asked to stop.", asked)
        messages.success(request, text % {"n": asked})
    if left:
        text = ngettext(
            "%(n)d job had ended already, or is not yours to cancel.",
            "%(n)d jobs had ended already, or are not yours to cancel.",
            left,
        )
        messages.warning(request, text % {"n": left})
    return _back(request)


@require_POST
@page
def job_bulk_retry(request: PageRequest) -> HttpResponseBase:
    """Run the ticked jobs again with their inputs, as oneself; not what destroys something,
    which is asked about one by one."""
    started, left = 0, []
    for job in _ticked(request):
        problem = _retry(request, job)
        if problem:
            left.append(f"{job.title or job.operation}: {problem}")
        else:
            started += 1
    if started:
        text = ngettext("%(n)d job runs again.", "%(n)d jobs run again.", started)
        messages.success(request, text % {"n": started})
    for line in left[:_MOST_LINES]:
        messages.warning(request, line)
    if len(left) > _MOST_LINES:
        text = _("and %(n)d more cannot be run again.") % {"n": len(left) - _MOST_LINES}
        messages.warning(request, text)
    return _back(request)


def _retry(request: PageRequest, job: Job) -> str:
    """Run a job again; returns why not."""
    if not job.is_finished:
        return _("It has not ended yet.")
    if job.toolkit is None or not access.can_use(request.user, job.toolkit, job.operation):
        return _("You may not run it.")
    described = job.toolkit.operation(job.operation)
    if described and described.get("effect") == "destroy" and not job.dry_run:
        return _("It destroys something: run it again from its own page.")
    try:
        run_again(job, request.user, {})
    except (InputError, NotUsable) as error:
        return str(error)
    return ""


def _back(request: PageRequest) -> HttpResponseRedirect:
    query = request.POST.get("query", "")[:2000]
    address = reverse("job-list")
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def _ticked(request: PageRequest) -> list[Job]:
    wanted = []
    for text in request.POST.getlist("job")[:PAGE_SIZE]:
        try:
            wanted.append(UUID(text))
        except ValueError:
            continue
    found = access.visible_jobs(request.user).filter(pk__in=wanted)
    return list(found.select_related("toolkit__active_version"))
