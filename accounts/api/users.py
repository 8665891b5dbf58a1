"""Accounts, for administrators. To whoever may not see accounts none of this is there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import invitations, sessions, throttle, users
from accounts.api.admin_serializers import (
    FIELDS,
    ROLES,
    ChangeUserSerializer,
    LinkSerializer,
    NewLinkSerializer,
    NewUserSerializer,
    UserPageSerializer,
    UserSerializer,
    as_api_error,
)
from accounts.api.own import good_tokens, make_token
from accounts.api.serializers import (
    NewTokenSerializer,
    PersonalTokenSerializer,
    SessionSerializer,
    TokenMadeSerializer,
)
from accounts.mfa import proving
from accounts.models import User
from accounts.models.user import UserKind
from accounts.personal_tokens import revoke
from toolbox.api import paging, selection
from toolbox.api.openapi import may_answer
from toolbox.api.parameters import CURSOR, LIMIT, only_known
from toolbox.api.views import ApiView

_FILTERS = [
    OpenApiParameter("q", str, description="Part of the username, name or email address."),
    OpenApiParameter("role", str, enum=ROLES),
    OpenApiParameter("kind", str, enum=list(UserKind.values)),
    OpenApiParameter("active", bool),
]


class AccessView(ApiView):
    """What every view for administrators begins with."""

    permission = "accounts.view_user"

    @property
    def actor(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # A method that no view has is 405 for everybody.
        known = hasattr(self, (request.method or "").lower())
        if known and not request.user.has_perm(self.permission):
            raise Http404

    def find(self, user_id: UUID) -> User:
        """Return the account, else answer 404."""
        user = _all().filter(pk=user_id).first()
        if user is None:
            raise Http404
        return user


def _all() -> QuerySet[User]:
    return User.objects.prefetch_related("groups", "identities__provider")


class UsersView(AccessView):
    """Accounts."""

    @extend_schema(
        operation_id="users_list",
        parameters=[*_FILTERS, selection.parameter(FIELDS), CURSOR, LIMIT],
        responses=UserPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """List accounts."""
        only_known(request, {"q", "role", "kind", "active", "fields", "cursor", "limit"})
        found, query = _all(), request.query_params
        if text := query.get("q"):
            found = found.filter(
                Q(username__icontains=text)
                | Q(display_name__icontains=text)
                | Q(email__icontains=text)
            )
        if "role" in query:
            found = found.filter(groups__name=paging.choice(request, "role", ROLES))
        if "kind" in query:
            found = found.filter(kind=paging.choice(request, "kind", UserKind.values))
        if "active" in query:
            found = found.filter(is_active=paging.flag(request, "active"))
        shown, following = paging.page(request, found)
        results = selection.kept(request, UserSerializer(shown, many=True).data, FIELDS)
        return Response(paging.body(results, following))

    @extend_schema(
        operation_id="users_create",
        request=NewUserSerializer,
        responses={201: UserSerializer},
        extensions=may_answer(403),
    )
    def post(self, request: Request) -> Response:
        """Create an account."""
        given = NewUserSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        try:
            user = users.create_user(
                self.actor,
                data.pop("username"),
                password=data.pop("password", None),
                roles=data.pop("roles"),
                kind=UserKind(data.pop("kind")),
                **data,
            )
        except ModelError as error:
            raise as_api_error(error) from None
        return Response(UserSerializer(self.find(user.pk)).data, status=201)


class UserView(AccessView):
    """One account."""

    @extend_schema(operation_id="users_read", responses=UserSerializer)
    def get(self, request: Request, user_id: UUID) -> Response:
        """Show an account."""
        return Response(UserSerializer(self.find(user_id)).data)

    @extend_schema(
        operation_id="users_change",
        request=ChangeUserSerializer,
        responses=UserSerializer,
        extensions=may_answer(403, 409),
    )
    def patch(self, request: Request, user_id: UUID) -> Response:
        """Change an account, its roles, or whether it may sign in."""
        user = self.find(user_id)
        given = ChangeUserSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        roles, active = data.pop("roles", None), data.pop("is_active", None)
        try:
            with transaction.atomic():
                users.change_user(self.actor, user, **data)
                if roles is not None:
                    users.set_roles(self.actor, user, roles)
                if active is not None:
                    users.set_active(self.actor, user, active)
        except ModelError as error:
            raise as_api_error(error) from None
        return Response(UserSerializer(self.find(user_id)).data)

    @extend_schema(
        operation_id="users_delete", responses={204: None}, extensions=may_answer(403, 409)
    )
    def delete(self, request: Request, user_id: UUID) -> Response:
        """Delete an account. What it did stays in the audit trail."""
        users.delete_user(self.actor, self.find(user_id))
        return Response(status=204)


class UserSessionsView(AccessView):
    """Where somebody is signed in."""

    @extend_schema(operation_id="users_sessions", responses=SessionSerializer(many=True))
    def get(self, request: Request, user_id: UUID) -> Response:
        """List the sessions of an account."""
        return Response(SessionSerializer(self.find(user_id).sessions.alive(), many=True).data)

    @extend_schema(
        operation_id="users_sessions_end", responses={204: None}, extensions=may_answer(403)
    )
    def delete(self, request: Request, user_id: UUID) -> Response:
        """End every session of an account."""
        user = self.find(user_id)
        users.refuse_unless_editable(self.actor, user)
        sessions.end_all(user, "ended by an administrator", self.actor)
        return Response(status=204)


class UserSessionView(AccessView):
    """One session of somebody."""

    @extend_schema(
        operation_id="users_session_end", responses={204: None}, extensions=may_answer(403)
    )
    def delete(self, request: Request, user_id: UUID, session_id: UUID) -> Response:
        """End one session of an account."""
        user = self.find(user_id)
        users.refuse_unless_editable(self.actor, user)
        row = user.sessions.alive().filter(pk=session_id).first()
        if row is None:
            raise Http404
        sessions.end(row, "ended by an administrator", self.actor)
        return Response(status=204)


class UserTokensView(AccessView):
    """Personal tokens of somebody."""

    @extend_schema(operation_id="users_tokens", responses=PersonalTokenSerializer(many=True))
    def get(self, request: Request, user_id: UUID) -> Response:
        """List the tokens of an account."""
        return Response(PersonalTokenSerializer(good_tokens(self.find(user_id)), many=True).data)

    @extend_schema(
        operation_id="users_tokens_make",
        request=NewTokenSerializer,
        responses={201: TokenMadeSerializer},
        extensions=may_answer(403),
    )
    def post(self, request: Request, user_id: UUID) -> Response:
        """Make a token for a service account."""
        return make_token(self.actor, self.find(user_id), request.data)


class UserTokenView(AccessView):
    """One personal token of somebody."""

    @extend_schema(
        operation_id="users_tokens_revoke", responses={204: None}, extensions=may_answer(403)
    )
    def delete(self, request: Request, user_id: UUID, token_id: UUID) -> Response:
        """Revoke a token of an account."""
        tokens = self.find(user_id).personal_tokens.select_related("user")
        token = tokens.filter(pk=token_id, revoked_at=None).first()
        if token is None:
            raise Http404
        revoke(self.actor, token)
        return Response(status=204)


class UserUnlockView(AccessView):
    """The lockout of somebody."""

    @extend_schema(
        operation_id="users_unlock", request=None, responses={204: None},
        extensions=may_answer(403),
    )  # fmt: skip
    def post(self, request: Request, user_id: UUID) -> Response:
        """End a lockout after failed sign-ins."""
        user = self.find(user_id)
        users.refuse_unless_editable(self.actor, user)
        throttle.clear(user, self.actor)
        return Response(status=204)


class UserPasswordLinkView(AccessView):
    """A way for somebody to set a new password."""

    @extend_schema(
        operation_id="users_password_link",
        request=NewLinkSerializer,
        responses={201: LinkSerializer},
        extensions=may_answer(403),
    )  # fmt: skip
    def post(self, request: Request, user_id: UUID) -> Response:
        """Make a link by which the owner of the account sets a new password."""
        user = self.find(user_id)
        given = NewLinkSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            row, link = invitations.password_link(self.actor, user, **given.validated_data)
        except ModelError as error:
            raise as_api_error(error) from None
        body = LinkSerializer({"link": link, "expires_at": row.expires_at}).data
        return Response(body, status=201, headers={"Cache-Control": "no-store"})


class UserFactorsView(AccessView):
    """Second factors of somebody."""

    @extend_schema(
        operation_id="users_factors_remove", responses={204: None}, extensions=may_answer(403)
    )
    def delete(self, request: Request, user_id: UUID) -> Response:
        """Remove every second factor, for somebody who lost theirs."""
        user = self.find(user_id)
        users.refuse_unless_editable(self.actor, user)
        proving.remove_all(self.actor, user)
        return Response(status=204)
