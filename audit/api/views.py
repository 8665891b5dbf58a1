"""The audit trail in the API: read, export, verify. Nothing here changes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import renderers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from audit import export, reading, verification
from audit.api.serializers import (
    FIELDS,
    EventPageSerializer,
    EventSerializer,
    VerifySerializer,
    event_json,
    verify_json,
)
from audit.catalogue import Severity
from audit.downloads import download
from audit.filters import Filters
from audit.models import Event
from audit.models.event import Outcome
from toolbox.api import paging, selection
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import CURSOR, LIMIT, only_known
from toolbox.api.views import ApiView

_TEXTS = {
    "since": "From this time on: 2026-01-31T12:00:00Z, or a date.",
    "until": "Before this time; a date counts whole.",
    "actor": "Username or id of who acted, or on whose behalf.",
    "event": "Name of the event, or its first part: `job.`",
    "target_type": "Kind of the target, such as `toolkits.toolkit`.",
    "target": "Id or name of the target.",
    "address": "Address that the act came from.",
    "job": "Id of a job: what it did, and what was done with it.",
    "request": "Id of a request.",
    "q": "Words that the event holds, each from its start.",
}
_GRAVER = [f"{severity}+" for severity in Severity.values]
_PARAMETERS = [
    *(OpenApiParameter(name, str, description=text) for name, text in _TEXTS.items()),
    OpenApiParameter(
        "severity",
        str,
        enum=[*Severity.values, *_GRAVER],
        description="With `+` that one and whatever is graver.",
    ),
    OpenApiParameter("outcome", str, enum=list(Outcome.values)),
]
_NAMES = frozenset(parameter.name for parameter in _PARAMETERS)


class AuditView(ApiView):
    """What every view here begins with: to whoever may not read the trail it is not there."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # A method that no view has is 405 for everybody.
        known = hasattr(self, (request.method or "").lower())
        if known and not reading.may_read(request.user):
            raise Http404


def _filters(request: Request) -> Filters:
    filters = Filters.read(request.query_params)
    if blank := [name for name, value in request.query_params.items() if not value]:
        raise ValidationError(dict.fromkeys(blank, "must not be empty"))
    if errors := filters.errors():
        raise ValidationError(errors)
    return filters


class EventsView(AuditView):
    """The trail."""

    @extend_schema(
        operation_id="audit_list",
        parameters=[*_PARAMETERS, selection.parameter(FIELDS), CURSOR, LIMIT],
        responses=EventPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List events, the newest first."""
        only_known(request, _NAMES | {"fields", "cursor", "limit"})
        filters = _filters(request)
        found = filters.apply(Event.objects.all())
        shown, following = paging.page(request, found, newest_first=True)
        reading.note_viewed(request.user, filters, "api")
        results = selection.kept(request, map(event_json, shown), FIELDS)
        return Response(paging.body(results, following))


class EventView(AuditView):
    """One event."""

    @extend_schema(operation_id="audit_read", responses=EventSerializer)
    def get(self, request: Request, event_id: UUID) -> Response:
        """Show an event."""
        event = Event.objects.filter(pk=event_id).first()
        if event is None:
            raise Http404
        reading.note_viewed(request.user, Filters(), "api", event)
        return Response(event_json(event))


class _Named(renderers.BaseRenderer):
    """Names a format for the negotiation; the view makes the text itself."""

    def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> Any:
        return renderers.JSONRenderer().render(data)


class JsonLinesRenderer(_Named):
    """One JSON object a line."""

    media_type = "application/x-ndjson"
    format = "jsonl"


class CsvRenderer(_Named):
    """A table."""

    media_type = "text/csv"
    format = "csv"


class ExportView(AuditView):
    """The trail as one text."""

    renderer_classes = (JsonLinesRenderer, CsvRenderer, renderers.JSONRenderer)

    @extend_schema(
        operation_id="audit_export",
        parameters=[*_PARAMETERS, OpenApiParameter("format", str, enum=sorted(export.FORMATS))],
        responses={
            (200, "application/x-ndjson"): OpenApiTypes.STR,
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Download events, the oldest first, as JSON lines or CSV."""
        only_known(request, _NAMES | {"format"})
        as_csv = isinstance(request.accepted_renderer, CsvRenderer)
        return download(request.user, _filters(request), "csv" if as_csv else "jsonl")


class VerifyView(AuditView):
    """Verification of the whole trail."""

    @extend_schema(operation_id="audit_verification", responses=VerifySerializer)
    def get(self, request: Request) -> Response:
        """Show how the chain stands, and what its last verification found."""
        return Response(verify_json())

    @extend_schema(
        operation_id="audit_verify",
        request=None,
        responses={202: VerifySerializer},
        extensions=may_answer(404),
    )
    def post(self, request: Request) -> Response:
        """Have the whole trail verified in the background."""
        verification.request(request.user)
        return Response(verify_json(), status=202)
