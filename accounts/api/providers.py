"""Sign-in providers: the ways to sign in for everybody, the rows for administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import signin
from accounts.api.admin_serializers import (
    ChangeProviderSerializer,
    NewProviderSerializer,
    ProviderSerializer,
    ProviderTestSerializer,
    SignInWaySerializer,
)
from accounts.api.users import AccessView
from accounts.models import Provider
from accounts.providers import rows, testing
from toolbox.api.openapi import may_answer
from toolbox.api.views import ApiView


class SignInWaysView(ApiView):
    """The ways to sign in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(operation_id="auth_providers", responses=SignInWaySerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the ways to sign in; a client with none of them to choose takes the first."""
        ways = [
            {
                "slug": provider.slug,
                "name": provider.name,
                "kind": provider.kind,
                "takes_password": provider.takes_password,
                "url": None
                if provider.takes_password
                else reverse("oidc-begin", args=[provider.slug]),
            }
            for provider in signin.providers()
        ]
        return Response(SignInWaySerializer(ways, many=True).data)


class ProviderAccessView(AccessView):
    """What the views on rows have in common."""

    permission = "accounts.change_provider"

    def row(self, provider_id: UUID) -> Provider:
        """Return the provider, else answer 404."""
        found = Provider.objects.filter(pk=provider_id).first()
        if found is None:
            raise Http404
        return found


class ProvidersView(ProviderAccessView):
    """Providers."""

    @extend_schema(operation_id="providers_list", responses=ProviderSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List providers, in the order of the sign-in page."""
        return Response(ProviderSerializer(Provider.objects.all(), many=True).data)

    @extend_schema(
        operation_id="providers_create",
        request=NewProviderSerializer,
        responses={201: ProviderSerializer},
        extensions=may_answer(403),
    )
    def post(self, request: Request) -> Response:
        """Add a provider."""
        given = NewProviderSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        saved = _save(self.actor, Provider(), dict(given.validated_data))
        return Response(ProviderSerializer(saved).data, status=201)


class ProviderView(ProviderAccessView):
    """One provider."""

    @extend_schema(operation_id="providers_read", responses=ProviderSerializer)
    def get(self, request: Request, provider_id: UUID) -> Response:
        """Show a provider."""
        return Response(ProviderSerializer(self.row(provider_id)).data)

    @extend_schema(
        operation_id="providers_change",
        request=ChangeProviderSerializer,
        responses=ProviderSerializer,
        extensions=may_answer(403, 409),
    )
    def patch(self, request: Request, provider_id: UUID) -> Response:
        """Change a provider. It works at once, in every process."""
        row = self.row(provider_id)
        given = ChangeProviderSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        saved = _save(self.actor, row, dict(given.validated_data))
        return Response(ProviderSerializer(saved).data)

    @extend_schema(
        operation_id="providers_delete", responses={204: None}, extensions=may_answer(403)
    )
    def delete(self, request: Request, provider_id: UUID) -> Response:
        """Remove a provider with the identities that it vouches for."""
        rows.remove(self.actor, self.row(provider_id))
        return Response(status=204)


class ProviderTestView(ProviderAccessView):
    """A test of one provider."""

    @extend_schema(
        operation_id="providers_test", request=None, responses=ProviderTestSerializer
    )
    def post(self, request: Request, provider_id: UUID) -> Response:
        """Connect, and say what was found or what failed."""
        found = testing.run(self.actor, self.row(provider_id))
        return Response(ProviderTestSerializer({"ok": found.ok, "lines": found.lines}).data)


class ProviderMetadataView(ProviderAccessView):
    """What one provider says of itself."""

    @extend_schema(
        operation_id="providers_metadata", request=None, responses={200: dict},
        extensions=may_answer(409),
    )  # fmt: skip
    def post(self, request: Request, provider_id: UUID) -> Response:
        """Load the metadata of an OpenID provider anew."""
        return Response(testing.metadata(self.actor, self.row(provider_id)))


def _save(actor: Any, provider: Provider, data: dict[str, Any]) -> Provider:
    new = data.pop("new_secrets", {})
    for name, value in data.items():
        setattr(provider, name, value)
    return rows.save(actor, provider, new)
