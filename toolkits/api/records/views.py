"""Records of a toolkit's collections: list, create, read, change, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import conditional, paging
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import CURSOR, LIMIT, if_match, if_none_match
from toolbox.api.views import ApiView
from toolkits import records
from toolkits.api.finding import collection_of, collections_of, record_of, toolkit_of
from toolkits.api.records import filters
from toolkits.api.records.serializers import (
    CollectionListSerializer,
    RecordPageSerializer,
    RecordSerializer,
    collection_json,
    record_json,
    record_tag,
)
from toolkits.errors import Conflict
from toolkits.models import Record


class CollectionsView(ApiView):
    """The collections of a toolkit."""

    @extend_schema(operation_id="collections_list", responses=CollectionListSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """List the collections of a toolkit, with the JSON Schema of their records."""
        toolkit = toolkit_of(request, slug)
        found = collections_of(request, toolkit)
        return Response({"results": [collection_json(toolkit, entry) for entry in found]})


class RecordsView(ApiView):
    """The records of a collection."""

    @extend_schema(
        operation_id="records_list", parameters=[CURSOR, LIMIT], responses=RecordPageSerializer
    )
    def get(self, request: Request, slug: str, collection: str) -> Response:
        """List records, the oldest first. `filter.<field>=<value>` narrows the list."""
        toolkit, described = collection_of(request, slug, collection)
        rows = Record.objects.filter(toolkit=toolkit, collection=collection)
        rows = filters.apply(request, described, rows.select_related("updated_by"))
        shown, following = paging.page(request, rows)
        found = [record_json(slug, record, described) for record in shown]
        return Response(paging.body(found, following))

    @extend_schema(
        operation_id="records_create",
        request=OpenApiTypes.OBJECT,
        responses={201: RecordSerializer},
        extensions=may_answer(422),
    )
    def post(self, request: Request, slug: str, collection: str) -> Response:
        """Make a record. The body is its data."""
        toolkit, described = collection_of(request, slug, collection)
        record = records.create(toolkit, collection, _data(request), request.user)
        body = record_json(slug, record, described)
        headers = {"Location": body["url"], "ETag": record_tag(record)}
        return Response(body, status=201, headers=headers)


class RecordView(ApiView):
    """One record."""

    @extend_schema(
        operation_id="records_read",
        parameters=[if_none_match()],
        responses={200: RecordSerializer, 304: None},
    )
    def get(self, request: Request, slug: str, collection: str, record_id: UUID) -> Response:
        """Show a record. Its ETag is what a change must name."""
        record, described = self._found(request, slug, collection, record_id)
        body = record_json(slug, record, described)
        return conditional.answer(request, body, record_tag(record))

    @extend_schema(
        operation_id="records_replace",
        parameters=[if_match()],
        request=OpenApiTypes.OBJECT,
        responses=RecordSerializer,
        extensions=may_answer(412, 422, 428),
    )
    def put(self, request: Request, slug: str, collection: str, record_id: UUID) -> Response:
        """Replace a record's data. Secrets that are left out or sent back masked stay."""
        record, described = self._found(request, slug, collection, record_id)
        return self._update(request, record, described, _data(request))

    @extend_schema(
        operation_id="records_change",
        parameters=[if_match()],
        request=OpenApiTypes.OBJECT,
        responses=RecordSerializer,
        extensions=may_answer(412, 422, 428),
    )
    def patch(self, request: Request, slug: str, collection: str, record_id: UUID) -> Response:
        """Change the fields that are given."""
        record, described = self._found(request, slug, collection, record_id)
        data = {**records.public(record, described), **_data(request)}
        return self._update(request, record, described, data)

    @extend_schema(
        operation_id="records_delete",
        parameters=[if_match()],
        request=None,
        responses={204: None},
        extensions=may_answer(412, 428),
    )
    def delete(self, request: Request, slug: str, collection: str, record_id: UUID) -> Response:
        """Delete a record with its secrets."""
        record, _ = self._found(request, slug, collection, record_id)
        conditional.check(request, record_tag(record))
        try:
            records.delete(record, record.version, request.user)
        except Conflict:
            raise conditional.refused() from None
        return Response(status=204)

    def _found(
        self, request: Request, slug: str, collection: str, record_id: UUID
    ) -> tuple[Record, dict[str, Any]]:
        toolkit, described = collection_of(request, slug, collection)
        return record_of(toolkit, collection, record_id), described

    def _update(
        self, request: Request, record: Record, described: dict[str, Any], data: dict[str, Any]
    ) -> Response:
        # A version that never is makes the rules check the data, and then refuse.
        version = record.version if conditional.holds(request, record_tag(record)) else 0
        try:
            record = records.update(record, data, version, request.user)
        except Conflict:
            raise conditional.refused() from None
        body = record_json(record.toolkit.slug, record, described)
        return Response(body, headers={"ETag": record_tag(record)})


def _data(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise ValidationError("The body must be a JSON object: the record's data.")
    return dict(request.data)
