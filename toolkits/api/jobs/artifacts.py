"""Files that jobs keep."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpResponseBase
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import renderers, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api.views import ApiView
from toolbox.events import emit
from toolkits.api.finding import job_of
from toolkits.jobs import artifacts
from toolkits.models import JobArtifact

_PLAIN_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,60}")


class ArtifactSerializer(serializers.Serializer[Any]):
    """A file that a job keeps."""

    name = serializers.CharField()
    content_type = serializers.CharField(help_text="As the toolkit said; not checked.")
    size_bytes = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    url = serializers.CharField(help_text="Where it is downloaded, relative to this host.")


class ArtifactListSerializer(serializers.Serializer[Any]):
    """All files of a job."""

    results = ArtifactSerializer(many=True)


class AnyRenderer(renderers.BaseRenderer):
    """Lets a client ask for a download with any Accept header."""

    media_type = "*/*"
    format = "bin"

    def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> Any:
        return renderers.JSONRenderer().render(data)


def artifact_json(artifact: JobArtifact) -> dict[str, Any]:
    """A file."""
    return {
        "name": artifact.name,
        "content_type": artifact.content_type,
        "size_bytes": artifact.size_bytes,
        "created_at": artifact.created_at,
        "url": reverse("api-job-artifact", args=[artifact.job_id, artifact.name]),
    }


class ArtifactsView(ApiView):
    """The files of a job."""

    @extend_schema(operation_id="jobs_artifacts", responses=ArtifactListSerializer)
    def get(self, request: Request, job_id: UUID) -> Response:
        """List the files that a job keeps."""
        found = job_of(request, job_id).artifacts.order_by("name")
        return Response({"results": [artifact_json(artifact) for artifact in found]})


class ArtifactView(ApiView):
    """One file of a job."""

    renderer_classes = (AnyRenderer,)

    @extend_schema(
        operation_id="jobs_artifact_download",
        parameters=[OpenApiParameter("name", str, OpenApiParameter.PATH)],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, job_id: UUID, name: str) -> HttpResponseBase:
        """Download a file that a job keeps."""
        artifact = job_of(request, job_id).artifacts.filter(name=name).first()
        if artifact is None:
            raise Http404
        try:
            stream = artifacts.open_file(artifact)
        except FileNotFoundError:
            raise Http404 from None
        emit("job.artifact_read", actor=request.user, target=artifact.job, name=name)
        # The toolkit chose the type, so a browser must never show the file in this origin.
        known = _PLAIN_TYPE.fullmatch(artifact.content_type)
        kind = artifact.content_type if known else "application/octet-stream"
        response = FileResponse(
            stream, as_attachment=True, filename=artifact.name, content_type=kind
        )
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        response["X-Content-Type-Options"] = "nosniff"
        return response
