"""Two runs of one operation beside each other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from toolkits import access
from toolkits.jobs import compare
from toolkits.jobs.states import TERMINAL
from toolkits.models import Job
from toolkits.pages import comparison
from toolkits.pages.guards import PageRequest, find_job, page

_OFFERED = 30


@require_safe
@page
def job_compare(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Compare a run with another one of the same operation: by default the last that went well."""
    seen = access.visible_jobs(request.user)
    job = find_job(request.user, job_id, seen)
    runs = seen.filter(
        toolkit_slug=job.toolkit_slug, operation=job.operation, state__in=TERMINAL
    )
    runs = runs.exclude(pk=job.pk).select_related("requested_by")
    offered = list(runs.defer("inputs", "result", "error").order_by("-id")[:_OFFERED])
    other = _other(request.GET.get("with", ""), job, runs)
    context: dict[str, Any] = {"job": job, "other": other, "offered": offered}
    if other is not None:
        prefetch_related_objects([job, other], "attempts")
        before, after = sorted((job, other), key=lambda one: one.pk)
        context |= {
            "before": before,
            "after": after,
            "facts": comparison.facts(before, after),
            "causes": comparison.causes(compare.compare(before, after)),
            "inputs": comparison.inputs(before, after),
            "results": comparison.results(before, after),
        }
    return render(request, "jobs/compare.html", context)


def _other(wanted: str, job: Job, runs: QuerySet[Job]) -> Job | None:
    if wanted:
        try:
            found = runs.filter(pk=UUID(wanted)).first()
        except ValueError:
            found = None
        if found is None:
            raise Http404
        return found
    worked = compare.last_success(job, runs)
    return worked or runs.filter(pk__lt=job.pk).order_by("-id").first()
