"""Signing in for tokens, refreshing them, signing out, and asking who one is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import logout as end_browser_session
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import signin, tokens
from accounts.api import cookies
from accounts.api.serializers import AccessSerializer, LoginSerializer, MeSerializer
from accounts.mfa import policy, proving
from accounts.mfa.policy import Lacking
from accounts.mfa.problems import FactorMissing, FactorNeeded
from accounts.models import User
from accounts.problems import TokenRefused
from toolbox.api.openapi import may_answer
from toolbox.api.throttling import SignInThrottle
from toolbox.events import emit


class CookieView(APIView):
    """Takes or gives the refresh cookie, so no other site may call it from a browser."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        origin = request.headers.get("Origin")
        own = f"{request.scheme}://{request.get_host()}"
        if origin and origin not in {own, settings.FRONTEND_BASE_URL}:
            raise PermissionDenied("Requests from other sites are not taken here.")

    def get_authenticate_header(self, request: Request) -> str:
        # Without it a refused sign-in would be answered 403.
        return 'Bearer realm="api"'


class LoginView(CookieView):
    """Sign in with a name and a password."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SignInThrottle,)

    @extend_schema(
        operation_id="auth_login",
        request=LoginSerializer,
        responses=AccessSerializer,
        extensions=may_answer(401, 403),
    )
    def post(self, request: Request) -> Response:
        """Sign in with a name and a password."""
        given = LoginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        proof = signin.by_password(data["username"], data["password"], data["provider"])
        methods = (*proof.methods, *_second_factor(proof, data["otp"]))
        return answer(tokens.issue(proof.user, provider=proof.provider, methods=methods))


class RefreshView(CookieView):
    """Exchange the refresh token of the cookie for a new pair. Each is good once: a second use
    ends the session."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_refresh",
        request=None,
        responses=AccessSerializer,
        extensions=may_answer(401, 403),
    )
    def post(self, request: Request) -> Response:
        """Exchange the refresh token of the cookie for a new pair.

        Each is good once: a second use ends the session.
        """
        token = cookies.take(request._request)
        if not token:
            raise TokenRefused("There is no refresh token. Sign in first.")
        return answer(tokens.refresh(token))

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        if isinstance(exc, TokenRefused):
            cookies.drop(response)
        return response


class LogoutView(CookieView):
    """Sign out: the session of the access token, of the cookie, and of the browser end."""

    people_only = True

    @extend_schema(operation_id="auth_logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Sign out: the session of the access token, of the cookie, and of the browser end."""
        with transaction.atomic():
            tokens.revoke(cookies.take(request._request))
            tokens.end(request.auth)
            if request._request.session.session_key:
                end_browser_session(request._request)  # audited by Django's signal
            else:
                emit("auth.signed_out", actor=request.user, target=request.user)
        response = Response(status=204)
        cookies.drop(response)
        return response


class MeView(APIView):
    """Who the token belongs to."""

    @extend_schema(operation_id="auth_me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Tell who the token belongs to."""
        assert isinstance(request.user, User)
        return Response(MeSerializer(request.user).data)


def _second_factor(proof: signin.Proof, otp: str) -> tuple[str, ...]:
    """Check the second factor where one is lacking."""
    lacking = policy.lacking(proof.user, proof.methods)
    if lacking == Lacking.NOTHING:
        return ()
    if lacking == Lacking.SETTING_UP:
        raise FactorMissing
    if not otp:
        raise FactorNeeded
    return (proving.by_code(proof.user, otp),)


def answer(pair: tokens.TokenPair) -> Response:
    """Give a client its tokens."""
    response = Response(
        {
            "access": pair.access,
            "token_type": "Bearer",
            "expires_in": settings.AUTH_ACCESS_TOKEN_TTL_SECONDS,
            "user": MeSerializer(pair.session.user).data,
        },
        headers={"Cache-Control": "no-store"},
    )
    cookies.put(response, pair.refresh)
    return response
