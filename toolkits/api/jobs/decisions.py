"""Consenting to a job, or refusing it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api.fields import Strict
from toolbox.api.openapi import may_answer
from toolbox.api.views import ApiView
from toolkits.access import asked_for, can_approve
from toolkits.api.finding import job_of
from toolkits.api.jobs.serializers import JobDetailSerializer
from toolkits.api.jobs.views import detail_json
from toolkits.jobs import approvals
from toolkits.models import Job


class ApproveSerializer(Strict):
    """Consent to exactly what was looked at."""

    digest = serializers.CharField(max_length=64, help_text="`approval.digest` of the job.")
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True)


class RejectSerializer(Strict):
    """Why."""

    comment = serializers.CharField(max_length=500, required=False, allow_blank=True)


def _decidable(request: Request, job_id: UUID) -> Job:
    job = job_of(request, job_id, "toolkit__active_version", "plan")
    # Who requested it sees it, and is told that somebody else must decide.
    if not asked_for(request.user, job) and not can_approve(request.user, job):
        raise Http404
    return job


class ApproveView(ApiView):
    """Consent."""

    @extend_schema(
        operation_id="jobs_approve",
        request=ApproveSerializer,
        responses=JobDetailSerializer,
        extensions=may_answer(409),
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Let a job run that waits for a second person's consent."""
        job = _decidable(request, job_id)
        given = ApproveSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        job = approvals.approve(job, request.user, **given.validated_data)
        return Response(detail_json(job, request.user))


class RejectView(ApiView):
    """Refusal."""

    @extend_schema(
        operation_id="jobs_reject",
        request=RejectSerializer,
        responses=JobDetailSerializer,
        extensions=may_answer(409),
    )
    def post(self, request: Request, job_id: UUID) -> Response:
        """Refuse consent, which ends the job."""
        job = _decidable(request, job_id)
        given = RejectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        job = approvals.reject(job, request.user, **given.validated_data)
        return Response(detail_json(job, request.user))
