"""Filters of the jobs list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
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
    OpenApiParameter("schedule", OpenApiTypes.UUID, description="Runs of this schedule."),
    OpenApiParameter("parent", OpenApiTypes.UUID, description="What this job started."),
    OpenApiParameter("created_after", OpenApiTypes.DATETIME, description="With time zone."),
    OpenApiParameter("created_before", OpenApiTypes.DATETIME, description="With time zone."),
]
NAMES = frozenset(parameter.name for parameter in PARAMETERS)


#: Column and reader of each parameter that is one comparison.
_PLAIN: dict[str, tuple[str, Callable[[Request, str], Any]]] = {
    "toolkit": ("toolkit_slug", lambda request, name: request.query_params[name]),
    "operation": ("operation", lambda request, name: request.query_params[name]),
    "requested_by": (
        "requested_by__username__iexact", lambda request, name: request.query_params[name],
    ),
    "dry_run": ("dry_run", paging.flag),
    "schedule": ("schedule", paging.uuid_of),
    "parent": ("parent", paging.uuid_of),
    "created_after": ("created_at__gt", paging.moment),
    "created_before": ("created_at__lt", paging.moment),
}  # fmt: skip


def apply(request: Request, jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Narrow ``jobs`` by the parameters of the query."""
    query = request.query_params
    wanted = {
        column: read(request, name) for name, (column, read) in _PLAIN.items() if name in query
    }
    if "state" in query:
        wanted["state__in"] = _states(",".join(query.getlist("state")))
    if paging.flag(request, "mine"):
        wanted["requested_by"] = request.user
    return jobs.filter(**wanted)


def _states(text: str) -> list[str]:
    states = text.split(",")
    if unknown := set(states).difference(_STATES):
        listed = ", ".join(sorted(unknown))[:100]
        raise ValidationError({"state": f"{listed}: not among {', '.join(_STATES)}"})
    return states
