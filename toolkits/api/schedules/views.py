"""Schedules: list, make, read, change, pause, resume, run now, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import conditional, paging, selection
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import (
    CURSOR,
    IDEMPOTENCY_KEY,
    LIMIT,
    if_match,
    if_none_match,
    only_known,
)
from toolbox.api.views import ApiView
from toolkits import access
from toolkits.api import idempotency
from toolkits.api.finding import operations_of
from toolkits.api.jobs.serializers import JobDetailSerializer
from toolkits.api.operations.views import job_response
from toolkits.api.schedules.serializers import (
    FIELDS,
    ChangeScheduleSerializer,
    NewScheduleSerializer,
    ScheduleDetailSerializer,
    SchedulePageSerializer,
    schedule_detail_json,
    schedule_json,
)
from toolkits.errors import FieldError, InputError
from toolkits.models import Schedule, Toolkit
from toolkits.schedules import service

_FILTERS = [
    OpenApiParameter("toolkit", str, description="Slug of the toolkit."),
    OpenApiParameter("operation", str, description="Name of the operation."),
    OpenApiParameter("paused", OpenApiTypes.BOOL, description="Only paused ones, or others."),
]


def _found(request: Request, schedule_id: UUID, *, to_change: bool = False) -> Schedule:
    schedules = access.visible_schedules(request.user).select_related("toolkit__active_version")
    schedule = schedules.filter(pk=schedule_id).first()
    if schedule is None:
        raise Http404
    if to_change and not access.can_change_schedule(request.user, schedule):
        raise Http404
    return schedule


def _toolkit(request: Request, slug: str, operation: str) -> Toolkit:
    toolkit = access.visible_toolkits(request.user).filter(slug=slug).first()
    if toolkit is None:
        raise InputError([FieldError(("toolkit",), "there is none of this slug that you see")])
    if all(entry["name"] != operation for entry in operations_of(request, toolkit)):
        raise InputError([FieldError(("operation",), "there is none of this name for you to run")])
    return toolkit


def _with_owner(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the role itself in place of its name."""
    if "owner" not in values:
        return values
    owner = Group.objects.filter(name=values["owner"]).first()
    if owner is None:
        raise InputError([FieldError(("owner",), "there is no such role")])
    return {**values, "owner": owner}


class SchedulesView(ApiView):
    """The schedules that you see."""

    @extend_schema(
        operation_id="schedules_list",
        parameters=[*_FILTERS, selection.parameter(FIELDS), CURSOR, LIMIT],
        responses=SchedulePageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List the schedules of your roles, and of the toolkits whose jobs you all see."""
        only_known(request, {"toolkit", "operation", "paused", "fields", "cursor", "limit"})
        rows, query = access.visible_schedules(request.user).distinct(), request.query_params
        if "toolkit" in query:
            rows = rows.filter(toolkit__slug=query["toolkit"])
        if "operation" in query:
            rows = rows.filter(operation=query["operation"])
        if "paused" in query:
            rows = rows.filter(paused_at__isnull=not paging.flag(request, "paused"))
        shown, following = paging.page(request, rows)
        results = selection.kept(request, map(schedule_json, shown), FIELDS)
        return Response(paging.body(results, following))

    @extend_schema(
        operation_id="schedules_create",
        request=NewScheduleSerializer,
        responses={201: ScheduleDetailSerializer},
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request) -> Response:
        """Make a schedule. It belongs to a role, so that it does not end with your account."""
        given = NewScheduleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = _with_owner(dict(given.validated_data))
        toolkit = _toolkit(request, values.pop("toolkit"), values["operation"])
        inputs = values.pop("inputs", {})
        schedule = service.create(request.user, toolkit=toolkit, inputs=inputs, **values)
        body = schedule_detail_json(schedule, request.user)
        return Response(body, status=201, headers={"Location": body["url"]})


class ScheduleView(ApiView):
    """One schedule."""

    @extend_schema(
        operation_id="schedules_read",
        parameters=[if_none_match()],
        responses={200: ScheduleDetailSerializer, 304: None},
    )
    def get(self, request: Request, schedule_id: UUID) -> Response:
        """Show a schedule and its next five runs."""
        schedule = _found(request, schedule_id)
        return conditional.answer(
            request, schedule_detail_json(schedule, request.user), _tag(schedule)
        )

    @extend_schema(
        operation_id="schedules_change",
        parameters=[if_match(required=False)],
        request=ChangeScheduleSerializer,
        responses=ScheduleDetailSerializer,
        extensions=may_answer(409, 412, 422),
    )
    def patch(self, request: Request, schedule_id: UUID) -> Response:
        """Change what is given of a schedule."""
        schedule = _found(request, schedule_id, to_change=True)
        given = ChangeScheduleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        conditional.check(request, _tag(schedule), required=False)
        values = _with_owner(dict(given.validated_data))
        schedule = service.change(schedule, request.user, values.pop("inputs", None), **values)
        body = schedule_detail_json(schedule, request.user)
        return Response(body, headers={"ETag": _tag(schedule)})

    @extend_schema(
        operation_id="schedules_delete",
        parameters=[if_match(required=False)],
        request=None,
        responses={204: None},
        extensions=may_answer(412),
    )
    def delete(self, request: Request, schedule_id: UUID) -> Response:
        """Delete a schedule. Its jobs stay."""
        schedule = _found(request, schedule_id, to_change=True)
        conditional.check(request, _tag(schedule), required=False)
        service.delete(schedule, request.user)
        return Response(status=204)


def _tag(schedule: Schedule) -> str:
    """The entity tag: of what people set, so that it outlasts a run."""
    tag: str = conditional.tag([schedule.pk, schedule.updated_at, schedule.paused_at])
    return tag


class PauseView(ApiView):
    """Pausing."""

    @extend_schema(
        operation_id="schedules_pause", request=None, responses=ScheduleDetailSerializer
    )
    def post(self, request: Request, schedule_id: UUID) -> Response:
        """Let a schedule rest until somebody resumes it. Runs under way go on."""
        schedule = service.pause(_found(request, schedule_id, to_change=True), request.user)
        return Response(schedule_detail_json(schedule, request.user))


class ResumeView(ApiView):
    """Resuming."""

    @extend_schema(
        operation_id="schedules_resume",
        request=None,
        responses=ScheduleDetailSerializer,
        extensions=may_answer(422),
    )
    def post(self, request: Request, schedule_id: UUID) -> Response:
        """Let a paused schedule run again, from now on."""
        schedule = service.resume(_found(request, schedule_id, to_change=True), request.user)
        return Response(schedule_detail_json(schedule, request.user))


class RunView(ApiView):
    """A run beside the timetable."""

    @extend_schema(
        operation_id="schedules_run",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: JobDetailSerializer, 202: JobDetailSerializer},
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request, schedule_id: UUID) -> Response:
        """Run a schedule's operation with its inputs at once, as yourself.

        200 answers a repeated Idempotency-Key whose job has ended.
        """
        schedule = _found(request, schedule_id)
        toolkit = schedule.toolkit
        if toolkit.enabled and not access.can_use(request.user, toolkit, schedule.operation):
            raise Http404
        job, fresh = idempotency.start(
            request, [], lambda: service.run_now(schedule, request.user)
        )
        return job_response(request, job, fresh=fresh)
