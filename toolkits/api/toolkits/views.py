"""Toolkits: which there are, and switching them on and off."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import conditional, paging, selection
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import LIMIT, if_match, if_none_match, only_known
from toolbox.api.views import ApiView
from toolkits import access, lifecycle
from toolkits.api.finding import manageable_toolkit, toolkit_of
from toolkits.api.toolkits.serializers import (
    FIELDS,
    ToolkitDetailSerializer,
    ToolkitPageSerializer,
    ToolkitPatchSerializer,
    toolkit_detail_json,
    toolkit_json,
)
from toolkits.models import Toolkit

_PURGE = OpenApiParameter(
    "purge",
    str,
    many=True,
    enum=list(lifecycle.DATA),
    explode=False,
    style="form",
    description="Data to delete with it, with commas between.",
)

class ToolkitsView(ApiView):
    """The toolkits that you see."""

    @extend_schema(
        operation_id="toolkits_list",
        parameters=[
            OpenApiParameter("enabled", bool, description="Only enabled ones, or disabled ones."),
            OpenApiParameter(
                "q", str, description="Words that its names, tags, description or operations hold."
            ),
            selection.parameter(FIELDS),
            OpenApiParameter("cursor", str, description="Where the page begins; `next` has it."),
            LIMIT,
            if_none_match(),
        ],
        responses={200: ToolkitPageSerializer, 304: None},
    )
    def get(self, request: Request) -> Response:
        """List the installed toolkits that you see, by slug."""
        only_known(request, {"enabled", "q", "fields", "cursor", "limit"})
        toolkits = access.visible_toolkits(request.user).light()
        if "enabled" in request.query_params:
            toolkits = toolkits.filter(enabled=paging.flag(request, "enabled"))
        toolkits = toolkits.holding(request.query_params.get("q", ""))
        shown, following = paging.page_by_name(request, toolkits, "slug")
        results = selection.kept(request, map(toolkit_json, shown), FIELDS)
        return conditional.answer(request, paging.body(results, following))


class ToolkitView(ApiView):
    """One toolkit."""

    @extend_schema(
        operation_id="toolkits_read",
        parameters=[if_none_match()],
        responses={200: ToolkitDetailSerializer, 304: None},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Show a toolkit with its operations and collections."""
        return conditional.answer(request, toolkit_detail_json(request, toolkit_of(request, slug)))

    @extend_schema(
        operation_id="toolkits_change",
        parameters=[if_match(required=False)],
        request=ToolkitPatchSerializer,
        responses=ToolkitDetailSerializer,
        extensions=may_answer(409, 412),
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Enable or disable a toolkit, or pin it to its version. Running jobs go on."""
        manageable_toolkit(request, slug)
        given = ToolkitPatchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            toolkit = manageable_toolkit(request, slug)
            tag = conditional.tag(toolkit_detail_json(request, toolkit))
            conditional.check(request, tag, required=False)
            _change(toolkit, request.user, **given.validated_data)
        return conditional.answer(request, toolkit_detail_json(request, toolkit_of(request, slug)))

    @extend_schema(
        operation_id="toolkits_remove",
        parameters=[_PURGE],
        request=None,
        responses={204: None},
        extensions=may_answer(409),
    )
    def delete(self, request: Request, slug: str) -> Response:
        """Remove a toolkit. Its data stays, but for what `purge` names."""
        only_known(request, {"purge"})
        toolkit = manageable_toolkit(request, slug)
        purge = selection.names_of(request, "purge", lifecycle.DATA)
        lifecycle.uninstall(toolkit, request.user, purge=purge, via="api")
        return Response(status=204)


def _change(
    toolkit: Toolkit, user: Any, *, enabled: bool | None = None, pinned: bool | None = None
) -> None:
    if pinned is not None:
        lifecycle.pin(toolkit, user, pinned=pinned)
    if enabled is not None:
        switch = lifecycle.enable if enabled else lifecycle.disable
        switch(toolkit, user)
