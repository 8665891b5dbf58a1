"""What the sign-in endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts import devices
from accounts.access import TOKEN_SCOPES
from accounts.models import PersonalToken, User, UserSession
from toolbox.api.fields import Strict


class LoginSerializer(Strict):
    """A name and a password; ``provider`` is where to prove them, by default the first that
    takes a password. ``otp`` is a code of an authenticator app, or a recovery code, where the
    account has a second factor."""

    username = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=1024, trim_whitespace=False, write_only=True, style={"input_type": "password"}
    )
    provider = serializers.SlugField(max_length=64, default="", allow_blank=True)
    otp = serializers.CharField(max_length=40, default="", allow_blank=True, write_only=True)


class MeSerializer(serializers.ModelSerializer[User]):
    """The user whose token was sent: who they are and what they may do."""

    # Blank where none is known, which is no address.
    email = serializers.CharField(read_only=True)
    roles = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "email", "display_name", "roles", "permissions")
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        return sorted(user.roles)

    def get_permissions(self, user: User) -> list[str]:
        return sorted(name for name in user.get_all_permissions() if user.has_perm(name))


class AccessSerializer(serializers.Serializer[Any]):
    """An access token. The refresh token goes into an httpOnly cookie, never into the body."""

    access = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    user = MeSerializer()


class SessionSerializer(serializers.ModelSerializer[UserSession]):
    """A session: where, on what, since when. ``current`` marks the one that asks."""

    device = serializers.SerializerMethodField()
    current = serializers.SerializerMethodField()

    class Meta:
        model = UserSession
        fields = (
            "id", "kind", "provider", "device", "user_agent", "address", "created_at",
            "last_seen_at", "expires_at", "current",
        )  # fmt: skip
        read_only_fields = fields

    def get_device(self, row: UserSession) -> str:
        return devices.describe(row.user_agent)

    def get_current(self, row: UserSession) -> bool:
        current = self.context.get("current")
        return current is not None and current.pk == row.pk


class PersonalTokenSerializer(serializers.ModelSerializer[PersonalToken]):
    """A personal token, without its text. ``hint`` is how the text begins."""

    class Meta:
        model = PersonalToken
        fields = (
            "id", "name", "hint", "scopes", "toolkits", "addresses", "created_at", "expires_at",
            "last_used_at", "last_used_address",
        )  # fmt: skip
        read_only_fields = fields


class NewTokenSerializer(Strict):
    """What a new token is to be good for."""

    name = serializers.CharField(max_length=100)
    expires_at = serializers.DateTimeField()
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(TOKEN_SCOPES)), min_length=1, max_length=3
    )
    toolkits = serializers.ListField(
        child=serializers.SlugField(max_length=64), default=list, max_length=100
    )
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=64), default=list, max_length=50
    )


class TokenMadeSerializer(serializers.Serializer[Any]):
    """A new token with its text, which is never shown again."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    hint = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    toolkits = serializers.ListField(child=serializers.CharField())
    addresses = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()
    token = serializers.CharField()
