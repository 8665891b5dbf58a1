"""Operations of a toolkit: what there is, and running one."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import paging
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import IDEMPOTENCY_KEY, only_known
from toolbox.api.parsers import BoundedMultiPartParser, StrictJSONParser
from toolbox.api.views import ApiView
from toolkits.api import idempotency
from toolkits.api.finding import operation_of, operations_of, toolkit_of
from toolkits.api.jobs.serializers import JobDetailSerializer, job_url
from toolkits.api.jobs.views import detail_json
from toolkits.api.operations.forms import inputs_of
from toolkits.api.operations.serializers import (
    OperationListSerializer,
    OperationSerializer,
    operation_json,
)
from toolkits.jobs import interactive
from toolkits.jobs.dispatch import submit
from toolkits.models import Job

_LONGEST = 7 * 24 * 3600

RUN_PARAMETERS = [
    OpenApiParameter("dry_run", bool, description="Tell what it would do, and do nothing."),
    OpenApiParameter(
        "timeout",
        {"type": "integer", "minimum": 1, "maximum": _LONGEST},
        description="Seconds. It can only shorten the operation's own limit.",
    ),
    OpenApiParameter(
        "run_at", OpenApiTypes.DATETIME, description="Start it then, with time zone; 202 at once."
    ),
    IDEMPOTENCY_KEY,
]


class OperationsView(ApiView):
    """The operations of a toolkit."""

    @extend_schema(operation_id="operations_list", responses=OperationListSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """List what a toolkit can do, with the JSON Schema of each operation's inputs."""
        toolkit = toolkit_of(request, slug)
        found = operations_of(request, toolkit)
        return Response({"results": [operation_json(toolkit, entry) for entry in found]})


class OperationView(ApiView):
    """One operation."""

    parser_classes = (StrictJSONParser, BoundedMultiPartParser)

    @extend_schema(operation_id="operations_read", responses=OperationSerializer)
    def get(self, request: Request, slug: str, name: str) -> Response:
        """Show what an operation does and takes."""
        return Response(operation_json(*operation_of(request, slug, name)))

    @extend_schema(
        operation_id="operations_run",
        parameters=RUN_PARAMETERS,
        request={"application/json": OpenApiTypes.OBJECT},
        responses={200: JobDetailSerializer, 202: JobDetailSerializer},
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request, slug: str, name: str) -> Response:
        """Run an operation: 200 with the result when it is interactive, else 202 with the job."""
        only_known(request, {"dry_run", "timeout", "run_at"})
        toolkit, described = operation_of(request, slug, name)
        inputs = inputs_of(request, described)
        dry_run = paging.flag(request, "dry_run")
        run_at = paging.moment(request, "run_at") if "run_at" in request.query_params else None
        timeout = paging.whole_number(request, "timeout", 0, 1, _LONGEST) or None

        def begin() -> Job:
            return submit(
                toolkit=toolkit,
                operation=name,
                inputs=inputs,
                user=request.user,
                via="api",
                dry_run=dry_run,
                timeout=timeout,
                run_at=run_at,
            )

        asked = [inputs, dry_run, timeout, str(run_at)]
        if described.get("interactive") and run_at is None:
            job, fresh = interactive.run(
                lambda: idempotency.start(request, asked, begin), request.user
            )
        else:
            job, fresh = idempotency.start(request, asked, begin)
        return job_response(request, job, fresh=fresh)


def job_response(request: Request, job: Job, *, fresh: bool) -> Response:
    """Answer with a job that was started: 200 when it has ended already, else 202."""
    headers = {"Location": job_url(job.pk)}
    if not fresh:
        headers["Idempotency-Replayed"] = "true"
    status = 200 if job.is_finished else 202
    return Response(detail_json(job, request.user), status=status, headers=headers)
