"""Installing and updating from a bundle: at once, or by a plan that is confirmed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import paging
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import only_known
from toolbox.api.parsers import BoundedMultiPartParser, TooLarge
from toolbox.api.views import ApiView
from toolkits import access, installs
from toolkits.api.finding import manageable_toolkit, toolkit_of
from toolkits.api.jobs.serializers import JobDetailSerializer
from toolkits.api.operations.views import job_response
from toolkits.api.toolkits.plans import ConfirmSerializer, PlanSerializer, plan_json
from toolkits.api.toolkits.serializers import (
    InstallSerializer,
    ToolkitDetailSerializer,
    toolkit_detail_json,
)
from toolkits.bundles import planning, staging
from toolkits.bundles.install import confirm
from toolkits.bundles.planning import PlanOptions
from toolkits.installs import Wanted
from toolkits.models import InstallPlan, ToolkitVersion

_PARAMETERS = [
    OpenApiParameter("plan", bool, description="Only say what it would change: answers a plan."),
    OpenApiParameter(
        "allow_downgrade", bool, description="Also where a newer version is installed."
    ),
    OpenApiParameter(
        "ask_consent",
        bool,
        description="409 where the version asks for more than its predecessor was given; "
        "a job then leaves its plan to be confirmed.",
    ),
]
_BACKGROUND = OpenApiParameter(
    "background",
    bool,
    description="Answer 202 with a job that does it, and its log; without asking where the bundle "
    "needs an environment that is not built yet.",
)
_ENABLE = OpenApiParameter("enable", bool, description="Enable a new one at once (the default).")


class UploadView(ApiView):
    """Base: takes a bundle into a private folder, counted while it comes."""

    parser_classes = (BoundedMultiPartParser,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with staging.private_folder() as folder:
            limit: int = settings.TOOLKIT_UPLOAD_MAX_BYTES
            self.handler = staging.StagedUploadHandler(folder, limit)
            request.upload_handlers = [self.handler]
            return super().dispatch(request, *args, **kwargs)

    def taken(self, request: Request, slug: str = "") -> Response:
        """Plan what was uploaded, and confirm it unless only the plan was asked for."""
        options = PlanOptions(
            allow_downgrade=paging.flag(request, "allow_downgrade"),
            enable=paging.flag(request, "enable", default=True),
            slug=slug,
        )
        only_plan = paging.flag(request, "plan")
        consent = not paging.flag(request, "ask_consent")
        given = InstallSerializer(data=request.data)
        if self.handler.exceeded:
            raise TooLarge
        given.is_valid(raise_exception=True)
        bundle = given.validated_data["bundle"]
        user = request.user
        seen, plan = installs.looked_at(bundle.path, user=user, via="api", options=options)
        if seen.builds or paging.flag(request, "background"):
            wanted = Wanted(install=not only_plan, consent=consent)
            job = installs.submit_upload(plan, bundle.path, seen, user=user, wanted=wanted)
            return job_response(request, job, fresh=True)
        planning.check(plan, bundle.path)
        if only_plan:
            return Response(plan_json(plan))
        return _installed(request, confirm(plan, user, digest=plan.digest, consent=consent))


def _installed(request: Request, version: ToolkitVersion) -> Response:
    body = toolkit_detail_json(request, toolkit_of(request, version.toolkit.slug))
    return Response(body, status=201, headers={"Location": body["url"]})


_ANSWERS = {200: PlanSerializer, 201: ToolkitDetailSerializer, 202: JobDetailSerializer}
_UPLOAD = {"multipart/form-data": InstallSerializer}


class InstallView(UploadView):
    """Installing or updating a toolkit."""

    @extend_schema(
        operation_id="toolkits_install",
        parameters=[*_PARAMETERS, _BACKGROUND, _ENABLE],
        request=_UPLOAD,
        responses=_ANSWERS,
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request) -> Response:
        """Install a bundle and make it the active version of its toolkit.

        With `plan=true` nothing is installed, and the answer is 200 with the plan. Where an
        environment has to be built it is 202 with a job, whose result names the plan.
        """
        if not access.can_install_toolkits(request.user):
            raise Http404
        only_known(request, {"plan", "allow_downgrade", "ask_consent", "background", "enable"})
        return self.taken(request)


class UpdateView(UploadView):
    """Updating one toolkit."""

    @extend_schema(
        operation_id="toolkits_update",
        parameters=[*_PARAMETERS, _BACKGROUND],
        request=_UPLOAD,
        responses=_ANSWERS,
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request, slug: str) -> Response:
        """Install a bundle of this toolkit and make it the active version.

        With `plan=true` nothing is installed, and the answer is 200 with the plan. Where an
        environment has to be built it is 202 with a job, whose result names the plan.
        """
        manageable_toolkit(request, slug)
        only_known(request, {"plan", "allow_downgrade", "ask_consent", "background"})
        return self.taken(request, slug)


class PlanView(ApiView):
    """A plan."""

    @extend_schema(operation_id="toolkits_plan_read", responses=PlanSerializer)
    def get(self, request: Request, plan_id: UUID) -> Response:
        """Show what a bundle that was uploaded would change."""
        return Response(plan_json(_plan_of(request, plan_id)))

    @extend_schema(
        operation_id="toolkits_plan_confirm",
        request=ConfirmSerializer,
        responses={201: ToolkitDetailSerializer},
        extensions=may_answer(409, 422),
    )
    def post(self, request: Request, plan_id: UUID) -> Response:
        """Install exactly what was planned."""
        plan = _plan_of(request, plan_id)
        given = ConfirmSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return _installed(request, confirm(plan, request.user, **given.validated_data))

    @extend_schema(
        operation_id="toolkits_plan_discard",
        request=None,
        responses={204: None},
        extensions=may_answer(409),
    )
    def delete(self, request: Request, plan_id: UUID) -> Response:
        """Give a plan up."""
        planning.discard(_plan_of(request, plan_id), request.user)
        return Response(status=204)


def _plan_of(request: Request, plan_id: UUID) -> InstallPlan:
    plan = InstallPlan.objects.select_related("base_version").filter(pk=plan_id).first()
    if plan is None or not access.can_confirm(request.user, plan):
        raise Http404
    return plan
