"""``/api/schema/`` and ``/api/docs/``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import conditional
from toolbox.api.views import ApiView
from toolkits.api.openapi.document import document_for


class OpenApiRenderer(JSONRenderer):
    """The media type that OpenAPI registered for itself."""

    media_type = "application/vnd.oai.openapi+json"
    format = "openapi"


class YamlRenderer(OpenApiYamlRenderer):
    """YAML, for those who read it."""

    media_type = "application/yaml"
    format = "yaml"


class SchemaView(ApiView):
    """The OpenAPI document, with the toolkits that the reader may use."""

    renderer_classes: tuple[type[BaseRenderer], ...] = (
        JSONRenderer,
        OpenApiRenderer,
        YamlRenderer,
    )

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Answer with the document as JSON, or as YAML with ``?format=yaml``."""
        document: dict[str, Any] = document_for(request)
        return conditional.answer(request, document)


@require_safe
@login_required
def docs(request: HttpRequest) -> HttpResponse:
    """The document to read and try out. Its scripts are files: nothing is inline."""
    return render(request, "api/docs.html")
