"""Running a job again."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api.fields import Strict, TrueOrFalse
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import IDEMPOTENCY_KEY
from toolbox.api.views import ApiView
from toolkits.access import can_use
from toolkits.api import idempotency
from toolkits.api.finding import job_of
from toolkits.api.jobs.serializers import JobDetailSerializer
from toolkits.api.operations.views import job_response
from toolkits.jobs.rerun import run_again


class RetrySerializer(Strict):
    """What to change."""

    inputs = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        help_text="Inputs in place of those of the job. Secret inputs must be given again.",
    )
    resume = TrueOrFalse(
        required=False,
        help_text="Do not repeat the steps that the job completed: go on after the last one, or "
        "do only the items that failed.",
    )


class RetryView(ApiView):
    """Running a job again."""

    @extend_schema(
        operation_id="jobs_retry",
        parameters=[IDEMPOTENCY_KEY],
        request=RetrySerializer,
        responses={200: JobDetailSerializer, 202: JobDetailSerializer},
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Run again what a job ran, as a new job with its inputs and what you change of them.

        200 answers a repeated Idempotency-Key whose job has ended.
        """
        job = job_of(request, job_id, "toolkit__active_version")
        toolkit = job.toolkit
        if toolkit and toolkit.enabled and not can_use(request.user, toolkit, job.operation):
            raise Http404
        given = RetrySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        changes = given.validated_data.get("inputs", {})
        resume = given.validated_data.get("resume", False)
        made, fresh = idempotency.start(
            request,
            [changes, resume],
            lambda: run_again(job, request.user, changes, via="api", resume=resume),
        )
        return job_response(request, made, fresh=fresh)
