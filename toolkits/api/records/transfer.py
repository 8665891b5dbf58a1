"""Many records at once: importing and exporting a collection."""

from __future__ import annotations

import csv
import io
from typing import IO, Any

from django.conf import settings
from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import renderers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox import jsontext
from toolbox.api import paging
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import only_known
from toolbox.api.parsers import StrictJSONParser, check_length
from toolbox.api.views import ApiView
from toolkits import record_export, records, tabular
from toolkits.api.finding import collection_of
from toolkits.api.records.serializers import ImportedSerializer


class CSVParser(BaseParser):
    """CSV with a line of names, in UTF-8."""

    media_type = "text/csv"

    def parse(self, stream: IO[Any], media_type: Any = None, parser_context: Any = None) -> Any:
        check_length(parser_context or {}, settings.API_IMPORT_MAX_BYTES)
        try:
            text = stream.read().decode("utf-8-sig")
            if not jsontext.storable(text):
                raise ParseError("The body holds a character that cannot be kept.")
            return list(csv.DictReader(io.StringIO(text), strict=True))
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8 at byte {error.start}.") from None
        except csv.Error as error:
            raise ParseError(f"The body is not CSV: {error}.") from None


class CSVRenderer(renderers.BaseRenderer):
    """Names ``text/csv`` for the negotiation; the view makes the text itself."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> Any:
        return renderers.JSONRenderer().render(data)


class ImportView(ApiView):
    """Making many records from a list or a table."""

    parser_classes = (StrictJSONParser, CSVParser)
    json_max_bytes = settings.API_IMPORT_MAX_BYTES

    @extend_schema(
        operation_id="records_import",
        parameters=[OpenApiParameter("dry_run", bool, description="Check, and make nothing.")],
        request={
            "application/json": {"type": "array", "items": {"type": "object"}},
            "text/csv": {"contentMediaType": "text/csv"},
        },
        responses=ImportedSerializer,
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request, slug: str, collection: str) -> Response:
        """Make records from a JSON list or from CSV with a line of field names: all or none."""
        only_known(request, {"dry_run"})
        toolkit, described = collection_of(request, slug, collection)
        dry_run = paging.flag(request, "dry_run")
        rows = _rows(request, described)
        made = records.create_many(toolkit, collection, rows, request.user, dry_run=dry_run)
        return Response({"created": made, "dry_run": dry_run})


def _rows(request: Request, described: dict[str, Any]) -> list[dict[str, Any]]:
    rows = request.data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ParseError("The body must be a list of objects, each the data of a record.")
    if (request.content_type or "").startswith("text/csv"):
        schema = described["schema"]
        return [tabular.from_texts(row, schema, line=n) for n, row in enumerate(rows, start=2)]
    return rows


class ExportView(ApiView):
    """All records of a collection as one text."""

    renderer_classes = (renderers.JSONRenderer, CSVRenderer)

    @extend_schema(
        operation_id="records_export",
        parameters=[OpenApiParameter("format", str, enum=["json", "csv"])],
        responses={
            (200, "application/json"): {"type": "array", "items": {"type": "object"}},
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def get(self, request: Request, slug: str, collection: str) -> HttpResponseBase:
        """Download every record's data, as JSON or CSV, without secrets."""
        only_known(request, {"format"})
        toolkit, described = collection_of(request, slug, collection)
        form = "csv" if isinstance(request.accepted_renderer, CSVRenderer) else "json"
        return record_export.download(toolkit, described, form, request.user)
