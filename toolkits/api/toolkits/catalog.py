"""What catalogs offer, and installing from them."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api import paging
from toolbox.api.fields import Strict
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import only_known
from toolbox.api.views import ApiView
from toolkits import access, installs
from toolkits.api.jobs.serializers import JobDetailSerializer
from toolkits.api.operations.views import job_response
from toolkits.api.toolkits.plans import PlanSerializer, plan_json
from toolkits.bundles.install import confirm
from toolkits.catalogs import offers
from toolkits.catalogs.offers import Offer
from toolkits.installs import Wanted


class OfferedVersionSerializer(serializers.Serializer[Any]):
    """One version on offer."""

    version = serializers.CharField()
    requires = serializers.CharField(allow_blank=True)
    fits = serializers.BooleanField(help_text="Whether this platform can run it.")
    changelog = serializers.CharField(allow_blank=True)


class OfferSerializer(serializers.Serializer[Any]):
    """A toolkit that a catalog offers."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    categories = serializers.ListField(child=serializers.CharField())
    tags = serializers.ListField(child=serializers.CharField())
    docs = serializers.CharField(allow_blank=True, help_text="Where to read on; an address.")
    readme = serializers.CharField(allow_blank=True, help_text="Its documentation, in Markdown.")
    catalog = serializers.CharField()
    fetched_at = serializers.DateTimeField(allow_null=True)
    stale = serializers.CharField(
        allow_blank=True, help_text="Why the catalog could not be fetched the last time."
    )
    installed = serializers.CharField(allow_null=True, help_text="The version that is active.")
    pinned = serializers.BooleanField()
    newer = serializers.CharField(allow_null=True, help_text="A newer version that fits.")
    problem = serializers.CharField(allow_blank=True, help_text="Why it cannot be installed.")
    versions = OfferedVersionSerializer(many=True)


class OffersSerializer(serializers.Serializer[Any]):
    """Offers."""

    results = OfferSerializer(many=True)


def offer_json(offer: Offer) -> dict[str, Any]:
    """An offer."""
    active = offer.installed.active_version if offer.installed else None
    names = ("version", "requires", "fits", "changelog")
    return {
        "slug": offer.slug,
        **{key: offer.entry[key] for key in ("name", "description", "categories", "tags")},
        # Catalogs that were fetched by an older release lack these until their next hour.
        **{key: offer.entry.get(key, "") for key in ("docs", "readme")},
        "catalog": offer.catalog.name,
        "fetched_at": offer.catalog.fetched_at,
        "stale": offer.catalog.error,
        "installed": active.version if active else None,
        "pinned": bool(offer.installed and offer.installed.pinned),
        "newer": offer.update["version"] if offer.update else None,
        "problem": offer.problem,
        "versions": [{name: each[name] for name in names} for each in offer.entry["versions"]],
    }


def _only_installers(request: Request) -> None:
    if not access.can_install_toolkits(request.user):
        raise Http404


class CatalogView(ApiView):
    """The catalogs' offers."""

    @extend_schema(
        operation_id="catalog_list",
        parameters=[
            OpenApiParameter("q", str, description="Looked for in names, descriptions and tags."),
            OpenApiParameter("category", str),
        ],
        responses=OffersSerializer,
        extensions=may_answer(404),
    )
    def get(self, request: Request) -> Response:
        """List what can be installed from catalogs."""
        only_known(request, {"q", "category"})
        _only_installers(request)
        found = offers.offers(
            request.query_params.get("q", ""), request.query_params.get("category", "")
        )
        return Response({"results": [offer_json(offer) for offer in found]})


class UpdatesView(ApiView):
    """Updates of installed toolkits."""

    @extend_schema(
        operation_id="toolkits_updates", responses=OffersSerializer, extensions=may_answer(404)
    )
    def get(self, request: Request) -> Response:
        """List newer versions of installed toolkits that are not pinned."""
        only_known(request, set())
        if not access.can_manage_toolkits(request.user):
            raise Http404
        return Response({"results": [offer_json(offer) for offer in offers.updates()]})


class CatalogInstallSerializer(Strict):
    """What to install."""

    version = serializers.CharField(
        required=False, default="", max_length=100, allow_blank=True, help_text="Default: newest."
    )
    catalog = serializers.CharField(
        required=False, default="", max_length=100, allow_blank=True, help_text="Default: any."
    )


class CatalogInstallView(ApiView):
    """Installing from a catalog."""

    @extend_schema(
        operation_id="catalog_install",
        parameters=[
            OpenApiParameter("plan", bool, description="Only say what it would change."),
            OpenApiParameter("ask_consent", bool, description="409 where it asks for more."),
            OpenApiParameter("background", bool, description="Answer 202 with a job that does it."),
        ],
        request=CatalogInstallSerializer,
        responses={200: PlanSerializer, 201: PlanSerializer, 202: JobDetailSerializer},
        extensions=may_answer(404, 409, 422, 502),
    )
    def post(self, request: Request, slug: str) -> Response:
        """Fetch a toolkit from a catalog and install it. With `plan=true` answers a plan."""
        only_known(request, {"plan", "ask_consent", "background"})
        _only_installers(request)
        given = CatalogInstallSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        offer = offers.find(slug, given.validated_data["catalog"])
        if offer is None:
            raise Http404
        version = given.validated_data["version"]
        only_plan = paging.flag(request, "plan")
        consent = not paging.flag(request, "ask_consent")
        if paging.flag(request, "background"):
            wanted = Wanted(install=not only_plan, consent=consent)
            job = installs.submit_offer(
                offer, user=request.user, via="api", wanted=wanted, version=version
            )
            return job_response(request, job, fresh=True)
        plan = offers.plan_offer(offer, request.user, version=version, via="api")
        if only_plan:
            return Response(plan_json(plan))
        confirm(plan, request.user, digest=plan.digest, consent=consent)
        plan.refresh_from_db()
        return Response(plan_json(plan), status=201)
