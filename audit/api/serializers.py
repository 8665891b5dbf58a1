"""Events as JSON: the shapes for OpenAPI, and what makes them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from audit import canonical, chain, keys, reading
from audit.catalogue import Severity
from audit.models import Event, Verification
from audit.models.event import Outcome
from audit.verify import Kind
from toolbox.api.fields import Sparse
from toolbox.events import ActorKind


class EventSerializer(serializers.Serializer[Any]):
    """One event, with its place in the chain once it is sealed."""

    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Its address, relative to this host.")
    sequence = serializers.IntegerField(allow_null=True, help_text="null until it is sealed.")
    time = serializers.DateTimeField()
    name = serializers.CharField()
    severity = serializers.ChoiceField(choices=Severity.choices)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    actor_type = serializers.ChoiceField(choices=[str(kind) for kind in ActorKind])
    actor_id = serializers.CharField(allow_blank=True)
    actor_label = serializers.CharField(allow_blank=True)
    behalf_type = serializers.CharField(allow_blank=True)
    behalf_id = serializers.CharField(allow_blank=True)
    behalf_label = serializers.CharField(allow_blank=True, help_text="On whose behalf.")
    target_type = serializers.CharField(allow_blank=True)
    target_id = serializers.CharField(allow_blank=True)
    target_label = serializers.CharField(allow_blank=True)
    address = serializers.CharField(allow_blank=True)
    user_agent = serializers.CharField(allow_blank=True)
    request_id = serializers.CharField(allow_blank=True)
    job_id = serializers.CharField(allow_blank=True)
    changes = serializers.DictField(child=serializers.JSONField())
    details = serializers.DictField(child=serializers.JSONField())
    proof = serializers.CharField(allow_blank=True)
    hash = serializers.CharField(allow_blank=True)


#: What ``fields`` may ask for in the list.
FIELDS = tuple(EventSerializer().fields)


class ListedEventSerializer(Sparse, EventSerializer):
    """An event with the fields that were asked for."""


class EventPageSerializer(serializers.Serializer[Any]):
    """A page of events, the newest first."""

    results = ListedEventSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")


class FindingSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with the trail."""

    kind = serializers.ChoiceField(choices=[str(kind) for kind in Kind])
    sequence = serializers.IntegerField()
    event = serializers.CharField(allow_blank=True, help_text="Id of the event, if it is one.")
    text = serializers.CharField()


class RunSerializer(serializers.Serializer[Any]):
    """One verification of the whole trail."""

    id = serializers.IntegerField()
    requested_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    whole = serializers.BooleanField(allow_null=True, help_text="null until it has ended.")
    events = serializers.IntegerField(help_text="How many were checked.")
    through = serializers.IntegerField(help_text="Number of the last one that was checked.")
    findings = FindingSerializer(many=True)


class ChainSerializer(serializers.Serializer[Any]):
    """How the chain stands."""

    sequence = serializers.IntegerField()
    sealed_at = serializers.DateTimeField(allow_null=True)
    unsealed = serializers.IntegerField(help_text="Events that wait to be sealed.")
    oldest_unsealed_seconds = serializers.FloatField()
    key = serializers.CharField(help_text="Id of the key that signs checkpoints.")
    public_key = serializers.CharField(help_text="That key, Ed25519, in hexadecimal.")


class VerifySerializer(serializers.Serializer[Any]):
    """The chain, its last verification, and the one that is under way."""

    chain = ChainSerializer()
    last = RunSerializer(allow_null=True)
    running = RunSerializer(allow_null=True)


def event_json(event: Event) -> dict[str, Any]:
    """An event, with all of its fields."""
    data = {name: getattr(event, name) for name in canonical.FIELDS}
    data["url"] = reverse("api-audit-event", args=[event.pk])
    return data | {"sequence": event.sequence, "proof": event.proof, "hash": event.hash}


def verify_json() -> dict[str, Any]:
    """What there is to say about verification."""
    status, own = chain.status(), keys.current()
    running = Verification.objects.filter(finished_at=None).order_by("id").first()
    return {
        "chain": {
            "sequence": status.sequence,
            "sealed_at": status.sealed_at,
            "unsealed": status.unsealed,
            "oldest_unsealed_seconds": round(status.oldest_unsealed_seconds, 3),
            "key": own.id,
            "public_key": own.public_key,
        },
        "last": _run(reading.last_verification()),
        "running": _run(running),
    }


def _run(made: Verification | None) -> dict[str, Any] | None:
    if made is None:
        return None
    return {
        "id": made.pk,
        "requested_at": made.requested_at,
        "finished_at": made.finished_at,
        "whole": made.is_whole if made.finished_at else None,
        "events": made.rows,
        "through": made.through,
        "findings": made.problems,
    }
