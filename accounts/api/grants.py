"""Grants, roles and invitations, for administrators."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError as ModelError
from django.db.models import Count, Q
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import invitations, users
from accounts.api.admin_serializers import (
    ChangeRoleSerializer,
    GrantSerializer,
    InvitationPageSerializer,
    InvitationSerializer,
    InvitedSerializer,
    NewGrantSerializer,
    NewInvitationSerializer,
    RoleSerializer,
    as_api_error,
)
from accounts.api.users import AccessView
from accounts.mfa import policy
from accounts.models import Grant, Invitation
from accounts.roles import CORE_ROLES
from toolbox.api import paging
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import CURSOR, LIMIT, only_known


class UserGrantsView(AccessView):
    """Roles that somebody has for single toolkits."""

    @extend_schema(operation_id="users_grants", responses=GrantSerializer(many=True))
    def get(self, request: Request, user_id: UUID) -> Response:
        """List the grants of an account."""
        return Response(GrantSerializer(self.find(user_id).grants.all(), many=True).data)

    @extend_schema(
        operation_id="users_grants_give",
        request=NewGrantSerializer,
        responses={201: GrantSerializer},
        extensions=may_answer(403),
    )
    def post(self, request: Request, user_id: UUID) -> Response:
        """Give a role for one toolkit or operation."""
        user = self.find(user_id)
        given = NewGrantSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            grant = users.give_grant(self.actor, Grant(user=user, **given.validated_data))
        except ModelError as error:
            raise as_api_error(error) from None
        return Response(GrantSerializer(grant).data, status=201)


class UserGrantView(AccessView):
    """One grant of somebody."""

    @extend_schema(
        operation_id="users_grants_take", responses={204: None}, extensions=may_answer(403)
    )
    def delete(self, request: Request, user_id: UUID, grant_id: int) -> Response:
        """Take a grant away."""
        grants = self.find(user_id).grants.select_related("user")
        grant = grants.filter(pk=grant_id).first()
        if grant is None:
            raise Http404
        users.take_grant(self.actor, grant)
        return Response(status=204)


class RolesView(AccessView):
    """Roles."""

    permission = "auth.view_group"

    @extend_schema(operation_id="roles_list", responses=RoleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the roles, with what each may do."""
        return Response(RoleSerializer(_roles(), many=True).data)


class RoleView(AccessView):
    """One role."""

    permission = "auth.view_group"

    @extend_schema(
        operation_id="roles_change",
        request=ChangeRoleSerializer,
        responses=RoleSerializer,
        extensions=may_answer(403),
    )
    def patch(self, request: Request, name: str) -> Response:
        """Ask, or stop asking, for a second factor of whoever has the role."""
        if name not in CORE_ROLES:
            raise Http404
        given = ChangeRoleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        policy.require(self.actor, name, given.validated_data["requires_mfa"])
        (role,) = (role for role in _roles() if role["name"] == name)
        return Response(RoleSerializer(role).data)


def _roles() -> list[dict[str, object]]:
    counted = Group.objects.filter(name__in=CORE_ROLES).select_related("policy")
    members = Count("user", filter=Q(user__is_active=True))
    return [
        {
            "name": group.name,
            "permissions": sorted(CORE_ROLES[group.name]),
            "members": group.members,
            "requires_mfa": bool(getattr(group, "policy", None) and group.policy.requires_mfa),
        }
        for group in counted.annotate(members=members).order_by("name")
    ]


class InvitationsView(AccessView):
    """Invitations."""

    @extend_schema(
        operation_id="invitations_list",
        parameters=[CURSOR, LIMIT],
        responses=InvitationPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List invitations, the newest first."""
        only_known(request, {"cursor", "limit"})
        found = Invitation.objects.filter(by_system=False).select_related("invited_by")
        shown, following = paging.page(request, found, newest_first=True)
        results = list(InvitationSerializer(shown, many=True).data)
        return Response(paging.body(results, following))

    @extend_schema(
        operation_id="invitations_make",
        request=NewInvitationSerializer,
        responses={201: InvitedSerializer},
        extensions=may_answer(403),
    )
    def post(self, request: Request) -> Response:
        """Invite somebody. The link is in this answer alone."""
        given = NewInvitationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            row, link = invitations.invite(self.actor, **given.validated_data)
        except ModelError as error:
            raise as_api_error(error) from None
        body = {
            "id": row.pk, "email": row.email, "username": row.username, "roles": row.roles,
            "expires_at": row.expires_at, "link": link,
        }  # fmt: skip
        answer = InvitedSerializer(body).data
        return Response(answer, status=201, headers={"Cache-Control": "no-store"})


class InvitationView(AccessView):
    """One invitation."""

    @extend_schema(
        operation_id="invitations_withdraw", responses={204: None}, extensions=may_answer(403)
    )
    def delete(self, request: Request, invitation_id: UUID) -> Response:
        """Take an invitation back."""
        row = Invitation.objects.filter(pk=invitation_id).first()
        if row is None:
            raise Http404
        invitations.withdraw(self.actor, row)
        return Response(status=204)
