"""What differs between a job and an earlier run: what changed since it last worked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import paging
from toolbox.api.parameters import only_known
from toolbox.api.views import ApiView
from toolkits.api.finding import job_of, jobs_of
from toolkits.api.jobs.serializers import job_json
from toolkits.jobs import compare
from toolkits.jobs.compare import KINDS, Comparison, Difference
from toolkits.jobs.states import JobState
from toolkits.models import Job

_SHOWN = (
    "id", "url", "state", "reason", "version", "worker", "started_at", "finished_at",
    "duration_seconds",
)  # fmt: skip


class ComparedJobSerializer(serializers.Serializer[Any]):
    """One of the two runs."""

    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Its address, relative to this host.")
    state = serializers.ChoiceField(choices=JobState.choices)
    reason = serializers.CharField(allow_blank=True)
    version = serializers.CharField()
    worker = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True)


class DifferenceSerializer(serializers.Serializer[Any]):
    """One thing that is not as it was."""

    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField(help_text="Of the input, the setting or the secret's path.")
    before = serializers.JSONField(
        help_text="Of a setting a digest, of a secret its version; null where there was none."
    )
    after = serializers.JSONField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two runs of one operation, the earlier one first."""

    before = ComparedJobSerializer(
        allow_null=True, help_text="Null where no earlier run that you see has succeeded."
    )
    after = ComparedJobSerializer()
    differences = DifferenceSerializer(many=True)
    secret_inputs = serializers.BooleanField(
        help_text="They were given secrets, which are not kept: nobody can tell if those differ."
    )


class ComparisonView(ApiView):
    """A job beside another one."""

    @extend_schema(
        operation_id="jobs_comparison",
        parameters=[
            OpenApiParameter(
                "with",
                OpenApiTypes.UUID,
                description="Another job of the same operation. Without it, the last one before "
                "this that succeeded.",
            )
        ],
        responses=ComparisonSerializer,
    )
    def get(self, request: Request, job_id: UUID) -> Response:
        """Tell what changed since the operation last worked, or between two of its runs."""
        only_known(request, {"with"})
        job = job_of(request, job_id)
        runs = jobs_of(request).prefetch_related("attempts")
        other = paging.uuid_of(request, "with")
        found = compare.since_it_worked(job, runs) if other is None else _both(job, other, runs)
        return Response(_json(job, found))


def _both(job: Job, other_id: UUID, runs: QuerySet[Job]) -> Comparison:
    same = runs.filter(toolkit_slug=job.toolkit_slug, operation=job.operation)
    other = same.filter(pk=other_id).first()
    if other is None:
        raise Http404
    return compare.compare(*sorted((job, other), key=lambda one: one.pk))


def _json(job: Job, found: Comparison | None) -> dict[str, Any]:
    if found is None:
        after = job_json(job, _SHOWN)
        return {"before": None, "after": after, "differences": [], "secret_inputs": False}
    return {
        "before": job_json(found.before, _SHOWN),
        "after": job_json(found.after, _SHOWN),
        "differences": [_difference_json(one) for one in found.differences],
        "secret_inputs": found.secret_inputs,
    }


def _difference_json(found: Difference) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "name": found.name,
        "before": found.before,
        "after": found.after,
    }
