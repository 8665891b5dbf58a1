"""What can be downloaded from a job: its files, its log, its result."""

from __future__ import annotations

import json
from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from toolbox.events import emit
from toolkits.jobs import artifacts, logs
from toolkits.pages import markup
from toolkits.pages.guards import PageRequest, find_job, page

#: What a browser may be told that a file is. Anything else, HTML and SVG above all, is bytes.
_SAFE_TYPES = frozenset(
    {
        "application/gzip",
        "application/json",
        "application/pdf",
        "application/zip",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/plain",
    }
)


@require_safe
@page
def artifact(request: PageRequest, job_id: UUID, name: str) -> HttpResponseBase:
    """Download a file that the job keeps."""
    job = find_job(request.user, job_id)
    found = job.artifacts.filter(name=name).first()
    if found is None:
        raise Http404
    try:
        stream = artifacts.open_file(found)
    except OSError:
        raise Http404 from None
    emit("job.artifact_read", actor=request.user, target=job, name=name)
    kind = found.content_type.partition(";")[0].strip().lower()
    kind = kind if kind in _SAFE_TYPES else "application/octet-stream"
    answer = FileResponse(
        stream, as_attachment=True, filename=found.name, content_type=kind
    )
    return _guarded(answer)


@require_safe
@page
def log_text(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Download the log as plain text."""
    job = find_job(request.user, job_id)
    emit("job.log_read", actor=request.user, target=job)
    response = StreamingHttpResponse(
        map(markup.plain, logs.text(job)), content_type="text/plain; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="job-{job.pk}.log"'
    return _guarded(response)


@require_safe
@page
def result_json(request: PageRequest, job_id: UUID) -> HttpResponseBase:
    """Download the result as JSON."""
    job = find_job(request.user, job_id)
    if job.result is None:
        raise Http404
    text = json.dumps(job.result, indent=2, ensure_ascii=False)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="job-{job.pk}.json"'
    return _guarded(response)


def _guarded(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
