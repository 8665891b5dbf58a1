"""Operations as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from toolkits.models import Toolkit


class ConcurrencySerializer(serializers.Serializer[Any]):
    """How many may run at once."""

    limit = serializers.IntegerField()
    scope = serializers.ChoiceField(choices=["toolkit", "operation", "key"])
    key = serializers.CharField(allow_null=True)
    on_conflict = serializers.ChoiceField(choices=["queue", "reject", "coalesce"])


class OperationSerializer(serializers.Serializer[Any]):
    """What an operation does and takes."""

    name = serializers.CharField()
    url = serializers.CharField(help_text="POST the inputs here to run it.")
    title = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    effect = serializers.ChoiceField(choices=["read", "change", "destroy"])
    interactive = serializers.BooleanField(help_text="Short: the answer has the result.")
    dry_run = serializers.BooleanField(help_text="It can tell what it would do.")
    idempotent = serializers.BooleanField()
    requires_approval = serializers.BooleanField()
    timeout = serializers.IntegerField(allow_null=True, help_text="Seconds.")
    retries = serializers.IntegerField()
    concurrency = ConcurrencySerializer(allow_null=True)
    returns = serializers.CharField(help_text="Kind of view of the result, or json.")
    inputs = serializers.DictField(
        child=serializers.JSONField(), help_text="JSON Schema of the inputs."
    )


class OperationListSerializer(serializers.Serializer[Any]):
    """All operations of a toolkit."""

    results = OperationSerializer(many=True)


_COPIED = (
    "name", "title", "description", "effect", "interactive", "dry_run", "idempotent",
    "requires_approval", "timeout", "retries", "concurrency", "returns", "inputs",
)  # fmt: skip


def operation_json(toolkit: Toolkit, described: dict[str, Any]) -> dict[str, Any]:
    """An operation. A description by an older SDK may lack what came later."""
    url = reverse("api-operation", args=[toolkit.slug, described["name"]])
    return {**{name: described.get(name) for name in _COPIED}, "url": url}
