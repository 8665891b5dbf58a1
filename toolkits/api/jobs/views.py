"""Jobs: the list, one of them, cancelling and running again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import conditional, paging, selection
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import CURSOR, LIMIT, if_none_match, only_known
from toolbox.api.views import ApiView
from toolkits import access
from toolkits.api.finding import job_of, jobs_of
from toolkits.api.jobs import filters
from toolkits.api.jobs.approvals import approval_json
from toolkits.api.jobs.serializers import (
    COLUMNS,
    FIELDS,
    HEAVY,
    LISTED,
    JobDetailSerializer,
    JobPageSerializer,
    attempt_json,
    job_json,
)
from toolkits.jobs import holders, limits, secret_reads
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.states import JobState
from toolkits.models import Job

_FIELDS_PARAMETER = OpenApiParameter(
    "fields",
    str,
    many=True,
    enum=list(FIELDS),
    explode=False,
    style="form",
    description=f"Only these fields. Without it, all but {', '.join(sorted(HEAVY))}.",
)


class JobsView(ApiView):
    """The jobs that you see."""

    @extend_schema(
        operation_id="jobs_list",
        parameters=[*filters.PARAMETERS, _FIELDS_PARAMETER, CURSOR, LIMIT],
        responses=JobPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List jobs, the newest first."""
        only_known(request, filters.NAMES | {"fields", "cursor", "limit"})
        fields = selection.fields_of(request, FIELDS, LISTED)
        jobs = _with_columns(filters.apply(request, jobs_of(request)), fields)
        shown, following = paging.page(request, jobs, newest_first=True)
        return Response(paging.body([job_json(job, fields) for job in shown], following))


def _with_columns(jobs: QuerySet[Job], fields: list[str]) -> QuerySet[Job]:
    """Read the columns that the fields are made of, and no others."""
    columns = {column for name in fields for column in COLUMNS.get(name, (name,))}
    jobs = jobs.select_related("requested_by") if "requested_by" in fields else jobs
    return jobs.only("pk", *columns)


class JobView(ApiView):
    """One job."""

    @extend_schema(
        operation_id="jobs_read",
        parameters=[if_none_match()],
        responses={200: JobDetailSerializer, 304: None},
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """Show a job with its inputs, result and attempts."""
        job = job_of(request, job_id)
        return conditional.answer(request, detail_json(job, request.user))


def detail_json(job: Job, user: Any) -> dict[str, Any]:
    """A job with everything that there is to it."""
    attempts = list(job.attempts.all())
    return {
        **job_json(job),
        "waits_for_text": limits.describe(job.waits_for),
        "held_by": [
            {"job": holder.job.pk if holder.job else None, "since": holder.since}
            for holder in holders.seen_by(user, job)
        ],
        "attempts": [attempt_json(attempt) for attempt in attempts],
        "secrets_read": secret_reads.of(attempts),
        "approval": approval_json(job),
        "can_cancel": not job.is_finished and access.can_cancel(user, job),
        "can_approve": job.state == JobState.AWAITING_APPROVAL and access.can_approve(user, job),
    }


class CancelView(ApiView):
    """Ending a job early."""

    @extend_schema(
        operation_id="jobs_cancel",
        request=None,
        responses={202: JobDetailSerializer},
        extensions=may_answer(409),
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Cancel a job: a waiting one ends at once, a running one is asked to stop."""
        job = job_of(request, job_id)
        if not access.can_cancel(request.user, job):
            raise Http404
        job = request_cancel(job, request.user)
        return Response(detail_json(job, request.user), status=202)
