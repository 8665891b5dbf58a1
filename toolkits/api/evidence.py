"""Evidence packs: jobs, and the part of the audit trail that proves what is said of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import renderers, serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from audit import reading
from audit.filters import moment
from toolbox.api.fields import Strict
from toolbox.api.openapi import may_answer
from toolbox.api.views import ApiView
from toolkits import evidence
from toolkits.evidence.selection import MOST_JOBS

_TIME = "A time, 2026-01-31T12:00:00Z, or a date"


class EvidenceSerializer(Strict):
    """What goes into a pack: jobs, a time range, or both."""

    jobs = serializers.ListField(
        child=serializers.UUIDField(), default=list, max_length=MOST_JOBS,
        help_text="Ids. Without any, all jobs that were requested within the time.",
    )  # fmt: skip
    since = serializers.CharField(
        default="", allow_blank=True, max_length=40, help_text=f"{_TIME}: from then on."
    )
    until = serializers.CharField(
        default="", allow_blank=True, max_length=40,
        help_text=f"{_TIME}, which counts whole: before then.",
    )  # fmt: skip
    toolkit = serializers.CharField(
        default="", allow_blank=True, max_length=64, help_text="Only jobs of this toolkit."
    )


class ZipRenderer(renderers.BaseRenderer):
    """Names the format for the negotiation; what goes wrong is told in JSON."""

    media_type = "application/zip"
    format = "zip"

    def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> Any:
        return renderers.JSONRenderer().render(data)


class EvidenceView(ApiView):
    """Packs for auditors, which verify offline."""

    renderer_classes = (ZipRenderer, renderers.JSONRenderer)

    @extend_schema(
        operation_id="audit_evidence",
        request=EvidenceSerializer,
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        extensions=may_answer(422),
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Make an evidence pack, and send it while it is made."""
        if not reading.may_read(request.user):
            raise Http404
        given = EvidenceSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        return evidence.download(
            request.user,
            job_ids=data["jobs"],
            since=_time(data, "since"),
            until=_time(data, "until"),
            toolkit=data["toolkit"],
        )


def _time(data: dict[str, Any], name: str) -> datetime | None:
    if not data[name]:
        return None
    found = moment(data[name], end=name == "until")
    if found is None:
        raise ValidationError({name: "is no date or time"})
    return found
