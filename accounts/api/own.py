"""One's own sessions and personal tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import personal_tokens, recent, sessions
from accounts.api.serializers import (
    NewTokenSerializer,
    PersonalTokenSerializer,
    SessionSerializer,
    TokenMadeSerializer,
)
from accounts.models import PersonalToken, User, UserSession
from accounts.personal_tokens import TokenSpec
from accounts.recent import ProofTooOld
from toolbox.api.openapi import may_answer


class OwnView(APIView):
    """Acts on what belongs to whoever is signed in. Personal tokens may not: a token that leaks
    must not make others."""

    people_only = True

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def current(self) -> UserSession | None:
        """The session of this request."""
        found = self.request.auth or getattr(self.request._request, "sign_in", None)
        return found if isinstance(found, UserSession) else None


class SessionListView(OwnView):
    """Where one is signed in."""

    @extend_schema(operation_id="auth_sessions_list", responses=SessionSerializer(many=True))
    def get(self, request: Request) -> Response:
        context = {"current": self.current()}
        rows = self.user.sessions.alive()
        return Response(SessionSerializer(rows, many=True, context=context).data)

    @extend_schema(operation_id="auth_sessions_end_others", responses={204: None})
    def delete(self, request: Request) -> Response:
        """End every session but this one."""
        sessions.end_all(self.user, "ended by its user", self.user, keep=self.current())
        return Response(status=204)


class SessionView(OwnView):
    """One of one's sessions."""

    @extend_schema(operation_id="auth_sessions_end", responses={204: None})
    def delete(self, request: Request, session_id: UUID) -> Response:
        """End it."""
        row = self.user.sessions.alive().filter(pk=session_id).first()
        if row is None:
            raise Http404
        sessions.end(row, "ended by its user", self.user)
        return Response(status=204)


class TokenListView(OwnView):
    """One's personal tokens."""

    @extend_schema(operation_id="auth_tokens_list", responses=PersonalTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(PersonalTokenSerializer(good_tokens(self.user), many=True).data)

    @extend_schema(
        operation_id="auth_tokens_make",
        request=NewTokenSerializer,
        responses={201: TokenMadeSerializer},
        extensions=may_answer(403),
    )
    def post(self, request: Request) -> Response:
        """Make a token. Its text is in this answer and nowhere else, ever.

        Whoever signed in longer than a quarter of an hour ago signs in again first: what a
        stolen access token or a borrowed browser makes must not outlive it.
        """
        if not recent.is_recent(self.user, self.current(), request._request.session):
            raise ProofTooOld
        return make_token(self.user, self.user, request.data)


class TokenView(OwnView):
    """One of one's personal tokens."""

    @extend_schema(operation_id="auth_tokens_revoke", responses={204: None})
    def delete(self, request: Request, token_id: UUID) -> Response:
        """Revoke it."""
        token = self.user.personal_tokens.filter(pk=token_id, revoked_at=None).first()
        if token is None:
            raise Http404
        personal_tokens.revoke(self.user, token)
        return Response(status=204)


def good_tokens(user: User) -> list[PersonalToken]:
    """Tokens of ``user`` that still let somebody in."""
    return list(user.personal_tokens.filter(revoked_at=None, expires_at__gt=timezone.now()))


def make_token(actor: User, user: User, data: Any) -> Response:
    """Make a token from a request's body."""
    given = NewTokenSerializer(data=data)
    given.is_valid(raise_exception=True)
    token, text = personal_tokens.make(actor, user, TokenSpec(**given.validated_data))
    body = {**PersonalTokenSerializer(token).data, "token": text}
    return Response(body, status=201, headers={"Cache-Control": "no-store"})
