"""Signing in for tokens, signing out, and asking who one is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth import logout as end_session
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.api import cookies
from accounts.api.serializers import AccessSerializer, LoginSerializer, MeSerializer
from accounts.models import User
from toolbox.events import emit


class LoginView(APIView):
    """Sign in with a name and a password."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=LoginSerializer, responses=AccessSerializer)
    def post(self, request: Request) -> Response:
        given = LoginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = authenticate(request._request, **given.validated_data)
        if not isinstance(user, User):
            raise AuthenticationFailed("The name or the password is not right.")
        with transaction.atomic():
            refresh = RefreshToken.for_user(user)
            emit("auth.token_issued", actor=user, target=user)
        response = Response(_access(refresh, user))
        cookies.put(response, str(refresh))
        return response

    def get_authenticate_header(self, request: Request) -> str:
        # Without it a refused sign-in would be answered 403.
        return 'Bearer realm="api"'


class LogoutView(APIView):
    """Sign out: the refresh token of the cookie and the session, if any, end."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        with transaction.atomic():
            _revoke(cookies.take(request._request))
            if request._request.session.session_key:
                end_session(request._request)  # the audit app hears of it by Django's signal
            else:
                emit("auth.signed_out", actor=request.user, target=request.user)
        response = Response(status=204)
        cookies.drop(response)
        return response


class MeView(APIView):
    """Who the token belongs to."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        return Response(MeSerializer(request.user).data)


def _access(refresh: RefreshToken, user: User) -> dict[str, Any]:
    return {
        "access": str(refresh.access_token),
        "token_type": "Bearer",
        "expires_in": settings.AUTH_ACCESS_TOKEN_TTL_SECONDS,
        "user": MeSerializer(user).data,
    }


def _revoke(token: str) -> None:
    if not token:
        return
    try:
        RefreshToken(token).blacklist()  # type: ignore[arg-type]
    except TokenError:
        # It has ended already, or was never ours.
        return
