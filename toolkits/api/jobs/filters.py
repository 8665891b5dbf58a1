"""Filters of the jobs list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from toolbox.api import paging
from toolkits.jobs.states import JobState
from toolkits.models import Job

_STATES = [state.value for state in JobState]

PARAMETERS = [
    OpenApiParameter("toolkit", str, description="Slug of the toolkit."),
    OpenApiParameter("operation", str, description="Name of the operation."),
    OpenApiParameter(
        "state",
        str,
        many=True,
        enum=_STATES,
        explode=False,
        style="form",
        description="One or several states, with commas between.",
    ),
    OpenApiParameter("requested_by", str, description="Username of who requested it."),
    OpenApiParameter("mine", bool, description="Only what you requested yourself."),
    OpenApiParameter("dry_run", bool, description="Only dry runs, or none."),
    OpenApiParameter("created_after", OpenApiTypes.DATETIME, description="With time zone."),
    OpenApiParameter("created_before", OpenApiTypes.DATETIME, description="With time zone."),
]
NAMES = frozenset(parameter.name for parameter in PARAMETERS)


def apply(request: Request, jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Narrow ``jobs`` by the parameters of the query."""
    query = request.query_params
    wanted: dict[str, Any] = {}
    for name, column in (("toolkit", "toolkit_slug"), ("operation", "operation")):
        if name in query:
            wanted[column] = query[name]
    if "state" in query:
        wanted["state__in"] = _states(",".join(query.getlist("state")))
    if "requested_by" in query:
        wanted["requested_by__username__iexact"] = query["requested_by"]
    if paging.flag(request, "mine"):
        wanted["requested_by"] = request.user
    if "dry_run" in query:
        wanted["dry_run"] = paging.flag(request, "dry_run")
    if "created_after" in query:
        wanted["created_at__gt"] = _moment(request, "created_after")
    if "created_before" in query:
        wanted["created_at__lt"] = _moment(request, "created_before")
    return jobs.filter(**wanted)


def _states(text: str) -> list[str]:
    states = text.split(",")
    if unknown := set(states).difference(_STATES):
        listed = ", ".join(sorted(unknown))[:100]
        raise ValidationError({"state": f"{listed}: not among {', '.join(_STATES)}"})
    return states


def _moment(request: Request, name: str) -> datetime:
    # A plus sign that was not encoded arrives as a space.
    text = request.query_params[name].replace(" ", "+")
    try:
        moment = parse_datetime(text)
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValidationError({name: "must be a date and time with a time zone, as RFC 3339 has it"})
