"""Going back to a kept version, and removing versions and toolkits."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api.fields import Strict
from toolbox.api.openapi import may_answer
from toolbox.api.views import ApiView
from toolkits import lifecycle
from toolkits.api.finding import manageable_toolkit, toolkit_of
from toolkits.api.toolkits.serializers import (
    ToolkitDetailSerializer,
    VersionListSerializer,
    toolkit_detail_json,
    version_json,
)
from toolkits.models import Toolkit, ToolkitVersion


class RollbackSerializer(Strict):
    """Where to go back to."""

    digest = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=64,
        help_text="Of a kept version; without it, the one that was installed before.",
    )


class RollbackView(ApiView):
    """Going back."""

    @extend_schema(
        operation_id="toolkits_rollback",
        request=RollbackSerializer,
        responses=ToolkitDetailSerializer,
        extensions=may_answer(409),
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make a kept version the active one again. Running jobs end on their own version."""
        toolkit = manageable_toolkit(request, slug)
        given = RollbackSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        digest = given.validated_data.get("digest")
        version = _version_of(toolkit, digest) if digest else None
        lifecycle.rollback(toolkit, request.user, version=version, via="api")
        return Response(toolkit_detail_json(request, toolkit_of(request, slug)))


class VersionsView(ApiView):
    """The versions of a toolkit that are kept."""

    @extend_schema(operation_id="toolkits_versions", responses=VersionListSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """List the versions that are kept, for those who manage the toolkit."""
        toolkit = manageable_toolkit(request, slug)
        versions = toolkit.versions.defer("manifest", "description")
        return Response({"results": [version_json(toolkit, version) for version in versions]})


class VersionView(ApiView):
    """One version that is kept."""

    @extend_schema(
        operation_id="toolkits_version_delete",
        request=None,
        responses={204: None},
        extensions=may_answer(409),
    )
    def delete(self, request: Request, slug: str, digest: str) -> Response:
        """Delete a version that is not active, with its files."""
        toolkit = manageable_toolkit(request, slug)
        lifecycle.remove_version(_version_of(toolkit, digest), request.user)
        return Response(status=204)


def _version_of(toolkit: Toolkit, digest: str) -> ToolkitVersion:
    version = toolkit.versions.filter(digest=digest).first()
    if version is None:
        raise Http404
    version.toolkit = toolkit
    return version
