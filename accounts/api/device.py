"""Signing in a device that has no browser of its own, by a code confirmed in the console."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import device_grants
from accounts.api.auth import CookieView, answer
from accounts.api.serializers import AccessSerializer
from toolbox.api.fields import Strict
from toolbox.api.throttling import DeviceThrottle


class DeviceAskSerializer(Strict):
    """What the device calls itself: the console shows it to whoever confirms."""

    client = serializers.CharField(max_length=100, default="", allow_blank=True)


class DeviceAskedSerializer(serializers.Serializer[Any]):
    """The codes: `device_code` is the device's secret; its user types `user_code` into the page
    at `verification_uri`."""

    device_code = serializers.CharField()
    user_code = serializers.CharField()
    verification_uri = serializers.CharField()
    verification_uri_complete = serializers.CharField(help_text="The same with the code in it.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    interval = serializers.IntegerField(help_text="Seconds to wait before each question.")


class DeviceCodeSerializer(Strict):
    """The device's secret."""

    device_code = serializers.CharField(max_length=100)


class DeviceView(CookieView):
    """Beginning."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (DeviceThrottle,)

    @extend_schema(
        operation_id="auth_device_ask",
        request=DeviceAskSerializer,
        responses=DeviceAskedSerializer,
    )
    def post(self, request: Request) -> Response:
        """Ask for a code by which somebody lets this device in from the console."""
        given = DeviceAskSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = device_grants.ask(given.validated_data["client"])
        return Response(
            {
                "device_code": asked.device_code,
                "user_code": asked.row.user_code,
                "verification_uri": asked.address,
                "verification_uri_complete": asked.whole_address,
                "expires_in": int(device_grants.LIFE.total_seconds()),
                "interval": device_grants.INTERVAL_SECONDS,
            },
            headers={"Cache-Control": "no-store"},
        )


class DeviceTokenView(CookieView):
    """Coming in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="auth_device_token", request=DeviceCodeSerializer, responses=AccessSerializer
    )
    def post(self, request: Request) -> Response:
        """Exchange a code that was confirmed for an access token and the refresh cookie.

        Until then the answer is 400, with `authorization_pending`, `slow_down`, `access_denied`
        or `expired_token` as the message of its error.
        """
        given = DeviceCodeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return answer(device_grants.claim(given.validated_data["device_code"]))
