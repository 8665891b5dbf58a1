"""Schedules as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from toolbox.api.fields import Sparse, Strict, TrueOrFalse
from toolkits.access import can_change_schedule
from toolkits.jobs import job_secrets
from toolkits.models import MissedPolicy, OverlapPolicy, Schedule, ScheduleKind
from toolkits.schedules import service

_MOST_SECONDS = 366 * 24 * 3600


class ScheduleSerializer(serializers.Serializer[Any]):
    """When and with which inputs an operation runs."""

    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Its address, relative to this host.")
    name = serializers.CharField()
    toolkit = serializers.CharField(help_text="Slug of the toolkit.")
    operation = serializers.CharField()
    inputs = serializers.DictField(
        child=serializers.JSONField(), help_text="Secret inputs are masked."
    )
    dry_run = serializers.BooleanField()
    timeout_seconds = serializers.IntegerField(allow_null=True)
    kind = serializers.ChoiceField(choices=ScheduleKind.choices)
    cron = serializers.CharField(allow_blank=True)
    interval_seconds = serializers.IntegerField(allow_null=True)
    run_at = serializers.DateTimeField(allow_null=True)
    time_zone = serializers.CharField()
    jitter_seconds = serializers.IntegerField()
    overlap = serializers.ChoiceField(choices=OverlapPolicy.choices)
    missed = serializers.ChoiceField(choices=MissedPolicy.choices)
    owner = serializers.CharField(help_text="The role that it belongs to and runs with.")
    paused = serializers.BooleanField()
    problem = serializers.CharField(allow_blank=True, help_text="Why it is not run.")
    next_run_at = serializers.DateTimeField(allow_null=True)
    last_run_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ScheduleDetailSerializer(ScheduleSerializer):
    """A schedule with when it runs next, and whether the user may change it."""

    next_runs = serializers.ListField(child=serializers.DateTimeField())
    can_change = serializers.BooleanField()


#: What ``fields`` may ask for in the list.
FIELDS = tuple(ScheduleSerializer().fields)


class ListedScheduleSerializer(Sparse, ScheduleSerializer):
    """A schedule with the fields that were asked for."""


class SchedulePageSerializer(serializers.Serializer[Any]):
    """A page of schedules, the oldest first."""

    results = ListedScheduleSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")


class ChangeScheduleSerializer(Strict):
    """What can be changed; what is left out stays."""

    name = serializers.CharField(max_length=200, required=False)
    operation = serializers.CharField(max_length=100, required=False)
    inputs = serializers.DictField(
        child=serializers.JSONField(allow_null=True),
        required=False,
        help_text="All of them; a secret that is left out stays.",
    )
    dry_run = TrueOrFalse(required=False)
    timeout_seconds = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=_MOST_SECONDS
    )
    kind = serializers.ChoiceField(choices=ScheduleKind.choices, required=False)
    cron = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="Where the kind is cron."
    )
    interval_seconds = serializers.IntegerField(
        required=False, allow_null=True, min_value=10, max_value=_MOST_SECONDS
    )
    run_at = serializers.DateTimeField(required=False, allow_null=True)
    time_zone = serializers.CharField(max_length=64, required=False)
    jitter_seconds = serializers.IntegerField(
        required=False, min_value=0, max_value=_MOST_SECONDS
    )
    overlap = serializers.ChoiceField(choices=OverlapPolicy.choices, required=False)
    missed = serializers.ChoiceField(choices=MissedPolicy.choices, required=False)
    owner = serializers.CharField(max_length=150, required=False, help_text="Name of a role.")


class NewScheduleSerializer(ChangeScheduleSerializer):
    """A schedule to make."""

    name = serializers.CharField(max_length=200)
    toolkit = serializers.CharField(max_length=64, help_text="Slug of the toolkit.")
    operation = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(choices=ScheduleKind.choices)
    owner = serializers.CharField(max_length=150, help_text="Name of a role.")


_COPIED = (
    "name", "operation", "dry_run", "timeout_seconds", "kind", "cron", "interval_seconds",
    "run_at", "time_zone", "jitter_seconds", "overlap", "missed", "problem", "next_run_at",
    "last_run_at", "created_at", "updated_at",
)  # fmt: skip


def schedule_json(schedule: Schedule) -> dict[str, Any]:
    """A schedule."""
    return {
        "id": schedule.pk,
        "url": reverse("api-schedule", args=[schedule.pk]),
        "toolkit": schedule.toolkit.slug,
        "inputs": job_secrets.public(schedule.inputs),
        "owner": schedule.owner.name,
        "paused": schedule.is_paused,
        **{name: getattr(schedule, name) for name in _COPIED},
    }


def schedule_detail_json(schedule: Schedule, user: Any) -> dict[str, Any]:
    """A schedule with everything that there is to it."""
    return {
        **schedule_json(schedule),
        "next_runs": service.next_runs(schedule),
        "can_change": can_change_schedule(user, schedule),
    }
