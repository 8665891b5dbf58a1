"""Steps that a job recorded while it ran."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import paging
from toolbox.api.parameters import LIMIT, only_known
from toolbox.api.views import ApiView
from toolkits.api.finding import job_of
from toolkits.models import JobStep, StepState

_LARGEST = 1 << 53


class StepSerializer(serializers.Serializer[Any]):
    """One step of one attempt."""

    number = serializers.IntegerField(help_text="Grows with time; the cursor.")
    attempt = serializers.IntegerField()
    name = serializers.CharField()
    key = serializers.CharField(allow_blank=True, help_text="Tells steps of one name apart.")
    state = serializers.ChoiceField(choices=StepState.choices)
    message = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class StepPageSerializer(serializers.Serializer[Any]):
    """Steps in the order in which they began."""

    results = StepSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")


def _json(step: JobStep) -> dict[str, Any]:
    return {
        "number": step.pk,
        "attempt": step.attempt,
        "name": step.name,
        "key": step.key,
        "state": step.state,
        "message": step.message,
        "started_at": step.started_at,
        "finished_at": step.finished_at,
    }


class StepsView(ApiView):
    """The steps of a job."""

    @extend_schema(
        operation_id="jobs_steps",
        parameters=[
            OpenApiParameter(
                "cursor", {"type": "integer", "minimum": 0, "maximum": _LARGEST},
                description="Where the page begins; `next` has it.",
            ),
            OpenApiParameter(
                "attempt", {"type": "integer", "minimum": 1, "maximum": 10_000},
                description="Only of this attempt.",
            ),
            LIMIT,
        ],
        responses=StepPageSerializer,
    )  # fmt: skip
    def get(self, request: Request, job_id: UUID) -> Response:
        """List the steps that a job recorded, of all its attempts."""
        only_known(request, {"cursor", "attempt", "limit"})
        limit = paging.limit_of(request)
        steps = JobStep.objects.filter(job=job_of(request, job_id)).order_by("pk").defer("value")
        steps = steps.filter(pk__gt=paging.whole_number(request, "cursor", 0, 0, _LARGEST))
        if attempt := paging.whole_number(request, "attempt", 0, 1, 10_000):
            steps = steps.filter(attempt=attempt)
        found = list(steps[: limit + 1])
        more = len(found) > limit
        following = paging.following(request, str(found[limit - 1].pk)) if more else None
        return Response(paging.body([_json(step) for step in found[:limit]], following))
