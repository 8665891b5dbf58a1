"""The settings of a toolkit."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import conditional
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import if_match, if_none_match
from toolbox.api.views import ApiView
from toolkits import settings_store
from toolkits.api.finding import configurable_toolkit

_OBJECT = {(200, "application/json"): OpenApiTypes.OBJECT}


class SettingsView(ApiView):
    """The one settings record of a toolkit; secrets show as a mask, which leaves them alone when
    it is sent back."""

    @extend_schema(
        operation_id="toolkits_settings_read",
        parameters=[if_none_match()],
        responses={**_OBJECT, 304: None},
    )
    def get(self, request: Request, slug: str) -> Response:
        """Read the settings, with defaults where nothing was set."""
        toolkit = configurable_toolkit(request, slug)
        return conditional.answer(request, settings_store.public(toolkit))

    @extend_schema(
        operation_id="toolkits_settings_replace",
        parameters=[if_match(required=False)],
        request=OpenApiTypes.OBJECT,
        responses=_OBJECT,
        extensions=may_answer(412, 422),
    )
    def put(self, request: Request, slug: str) -> Response:
        """Replace the settings; what is left out goes back to its default."""
        return self._save(request, slug, {})

    @extend_schema(
        operation_id="toolkits_settings_change",
        parameters=[if_match(required=False)],
        request=OpenApiTypes.OBJECT,
        responses=_OBJECT,
        extensions=may_answer(412, 422),
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change the settings that are given."""
        toolkit = configurable_toolkit(request, slug)
        return self._save(request, slug, settings_store.public(toolkit))

    def _save(self, request: Request, slug: str, before: dict[str, Any]) -> Response:
        toolkit = configurable_toolkit(request, slug)
        if not isinstance(request.data, dict):
            raise ValidationError("The body must be a JSON object.")
        data = {**before, **request.data}
        settings_store.check(toolkit, data)
        present = settings_store.public(toolkit)
        conditional.check(request, conditional.tag(present), required=False)
        settings_store.save(toolkit, data, request.user)
        return conditional.answer(request, settings_store.public(toolkit))
