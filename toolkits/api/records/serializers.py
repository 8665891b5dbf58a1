"""Records of collections as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from toolkits import records
from toolkits.api.jobs.serializers import PersonSerializer
from toolkits.models import Record, Toolkit


class CollectionSerializer(serializers.Serializer[Any]):
    """A collection of records."""

    name = serializers.CharField()
    url = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    schema = serializers.DictField(
        child=serializers.JSONField(), help_text="JSON Schema of a record's data."
    )


class CollectionListSerializer(serializers.Serializer[Any]):
    """All collections of a toolkit."""

    results = CollectionSerializer(many=True)


class RecordSerializer(serializers.Serializer[Any]):
    """A record. ``data`` is what the collection's schema describes; secrets are masked."""

    id = serializers.UUIDField()
    url = serializers.CharField()
    version = serializers.IntegerField(help_text="Counts its changes; the ETag holds it.")
    data = serializers.DictField(child=serializers.JSONField())  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    updated_by = PersonSerializer(allow_null=True)


class RecordPageSerializer(serializers.Serializer[Any]):
    """A page of records, the oldest first."""

    results = RecordSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")


class ImportedSerializer(serializers.Serializer[Any]):
    """What an import did."""

    created = serializers.IntegerField()
    dry_run = serializers.BooleanField()


def collection_json(toolkit: Toolkit, described: dict[str, Any]) -> dict[str, Any]:
    """A collection."""
    return {
        "name": described["name"],
        "url": reverse("api-records", args=[toolkit.slug, described["name"]]),
        "title": described["title"],
        "description": described.get("description") or "",
        "schema": described["schema"],
    }


def record_json(slug: str, record: Record, described: dict[str, Any]) -> dict[str, Any]:
    """A record, without the values of its secrets."""
    user = record.updated_by
    return {
        "id": record.pk,
        "url": reverse("api-record", args=[slug, record.collection, record.pk]),
        "version": record.version,
        "data": records.public(record, described),
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "updated_by": {"id": user.pk, "username": user.username} if user else None,
    }


def record_tag(record: Record) -> str:
    """The entity tag of a record."""
    return f'"{record.version}"'
