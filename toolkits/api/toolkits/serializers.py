"""Toolkits as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request

from toolbox.api.fields import Sparse, Strict, TrueOrFalse
from toolkits.api.finding import collections_of, operations_of
from toolkits.models import Toolkit, ToolkitVersion


class ToolkitSerializer(serializers.Serializer[Any]):
    """An installed toolkit."""

    slug = serializers.CharField()
    url = serializers.CharField(help_text="Its address, relative to this host.")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    version = serializers.CharField()
    enabled = serializers.BooleanField()
    pinned = serializers.BooleanField(help_text="It is not to be updated.")
    bundled = serializers.BooleanField(help_text="It ships with the platform.")
    icon = serializers.CharField(allow_blank=True)
    categories = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    installed_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class NamedSerializer(serializers.Serializer[Any]):
    """Something that a toolkit has, by name and title."""

    name = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()


class ToolkitDetailSerializer(ToolkitSerializer):
    """A toolkit with what it can do."""

    operations = NamedSerializer(many=True)
    collections = NamedSerializer(many=True)
    has_settings = serializers.BooleanField()
    maintainers = serializers.ListField(child=serializers.CharField())
    license = serializers.CharField(allow_blank=True)
    homepage = serializers.CharField(allow_blank=True)


#: What ``fields`` may ask for in the list.
FIELDS = tuple(ToolkitSerializer().fields)


class ListedToolkitSerializer(Sparse, ToolkitSerializer):
    """A toolkit in a list, with the fields that were asked for."""


class ToolkitPageSerializer(serializers.Serializer[Any]):
    """A page of toolkits, by slug."""

    results = ListedToolkitSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")


class ToolkitPatchSerializer(Strict):
    """What can be changed in place: at least one of it."""

    enabled = TrueOrFalse(required=False)
    pinned = TrueOrFalse(required=False, help_text="Do not update it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Give enabled, pinned or both.")
        return attrs


class VersionSerializer(serializers.Serializer[Any]):
    """An installed version of a toolkit."""

    version = serializers.CharField()
    digest = serializers.CharField(help_text="SHA-256 of its content.")
    active = serializers.BooleanField()
    size_bytes = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class VersionListSerializer(serializers.Serializer[Any]):
    """The versions of a toolkit that are kept, the newest first."""

    results = VersionSerializer(many=True)


class InstallSerializer(serializers.Serializer[Any]):
    """A bundle to install."""

    bundle = serializers.FileField(help_text="The zip.")


def toolkit_json(toolkit: Toolkit) -> dict[str, Any]:
    """A toolkit."""
    return {
        "slug": toolkit.slug,
        "url": reverse("api-toolkit", args=[toolkit.slug]),
        "name": toolkit.name,
        "description": toolkit.description,
        "version": toolkit.active_version.version if toolkit.active_version else "",
        "enabled": toolkit.enabled,
        "pinned": toolkit.pinned,
        "bundled": toolkit.bundled,
        "icon": toolkit.icon,
        "categories": toolkit.categories,
        "tags": toolkit.tags,
        "installed_at": toolkit.installed_at,
        "updated_at": toolkit.updated_at,
    }


def toolkit_detail_json(request: Request, toolkit: Toolkit) -> dict[str, Any]:
    """A toolkit with what the user may do with it."""
    manifest = toolkit.active_version.manifest if toolkit.active_version else {}
    return {
        **toolkit_json(toolkit),
        "operations": _named(toolkit, "api-operation", operations_of(request, toolkit)),
        "collections": _named(toolkit, "api-records", collections_of(request, toolkit)),
        "has_settings": toolkit.settings_schema is not None,
        "maintainers": list(manifest.get("maintainers") or []),
        "license": str(manifest.get("license") or ""),
        "homepage": str(manifest.get("homepage") or ""),
    }


def _named(toolkit: Toolkit, view: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "name": entry["name"],
            "title": entry["title"],
            "url": reverse(view, args=[toolkit.slug, entry["name"]]),
        }
        for entry in entries
    ]


def version_json(toolkit: Toolkit, version: ToolkitVersion) -> dict[str, Any]:
    """A version."""
    return {
        "version": version.version,
        "digest": version.digest,
        "active": version.pk == toolkit.active_version_id,
        "size_bytes": version.size_bytes,
        "created_at": version.created_at,
    }
