"""Filters of the jobs list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from toolbox.api import paging
from toolkits.jobs import narrowing
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


Reader = Callable[[Request, str], Any]


def _text(request: Request, name: str) -> str:
    return request.query_params[name]


#: Column and reader of each parameter that is one comparison.
_PLAIN: dict[str, tuple[str, Reader]] = {
    "toolkit": ("toolkit_slug", _text),
    "operation": ("operation", _text),
    "dry_run": ("dry_run", paging.flag),
    "schedule": ("schedule", paging.uuid_of),
    "parent": ("parent", paging.uuid_of),
}
#: Reader and condition of the others.
_CONDITIONS: dict[str, tuple[Reader, Callable[[Any], Q]]] = {
    "requested_by": (_text, narrowing.requested_by),
    "created_after": (paging.moment, narrowing.requested_since),
    "created_before": (paging.moment, narrowing.requested_until),
}


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
    for name, (read, condition) in _CONDITIONS.items():
        if name in query:
            jobs = jobs.filter(condition(read(request, name)))
    return jobs.filter(**wanted)


def _states(text: str) -> list[str]:
    states = text.split(",")
    if unknown := set(states).difference(_STATES):
        listed = ", ".join(sorted(unknown))[:100]
        raise ValidationError({"state": f"{listed}: not among {', '.join(_STATES)}"})
    return states
