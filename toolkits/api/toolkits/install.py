"""Installing a bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import paging
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import only_known
from toolbox.api.parsers import BoundedMultiPartParser
from toolbox.api.views import ApiView
from toolkits import access
from toolkits.api.finding import toolkit_of
from toolkits.api.toolkits.serializers import (
    InstallSerializer,
    ToolkitDetailSerializer,
    toolkit_detail_json,
)
from toolkits.bundles.install import install_bundle


class InstallView(ApiView):
    """Installing or updating a toolkit from a zip."""

    parser_classes = (BoundedMultiPartParser,)

    @extend_schema(
        operation_id="toolkits_install",
        parameters=[
            OpenApiParameter(
                "allow_downgrade", bool, description="Also where a newer version is installed."
            ),
            OpenApiParameter("enable", bool, description="Enable a new one at once (default)."),
        ],
        request={"multipart/form-data": InstallSerializer},
        responses={201: ToolkitDetailSerializer},
        extensions=may_answer(404, 409, 422),
    )
    def post(self, request: Request) -> Response:
        """Install a bundle and make it the active version of its toolkit."""
        only_known(request, {"allow_downgrade", "enable"})
        if not access.can_manage_toolkits(request.user):
            raise Http404
        given = InstallSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with _staged(given.validated_data["bundle"]) as path:
            version = install_bundle(
                path,
                user=request.user,
                via="api",
                allow_downgrade=paging.flag(request, "allow_downgrade"),
                enable=paging.flag(request, "enable", default=True),
            )
        toolkit = toolkit_of(request, version.toolkit.slug)
        data: dict[str, Any] = toolkit_detail_json(request, toolkit)
        return Response(data, status=201, headers={"Location": data["url"]})


@contextmanager
def _staged(upload: UploadedFile[Any]) -> Iterator[Path]:
    """Write the upload into a folder that nobody else can reach, so that what is checked is
    what is installed."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="upload-", dir=settings.VAR_DIR) as folder:
        # The name is shown in messages; it must not be able to lead out of the folder.
        name = (upload.name or "").replace("\\", "/").rpartition("/")[2] or "bundle.zip"
        path = Path(folder, name[-100:])
        with path.open("wb") as target:
            for chunk in upload.chunks():
                target.write(chunk)
        yield path
