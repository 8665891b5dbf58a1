"""What the sign-in endpoints take and give."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import User


class LoginSerializer(serializers.Serializer[Any]):
    """A username or email address, and a password."""

    username = serializers.CharField(max_length=254)
    password = serializers.CharField(
        max_length=1024, trim_whitespace=False, write_only=True, style={"input_type": "password"}
    )


class MeSerializer(serializers.ModelSerializer[User]):
    """The user whose token was sent: who they are and what they may do."""

    roles = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "username", "email", "display_name", "roles", "permissions")
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        return sorted(user.roles)

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.get_all_permissions())


class AccessSerializer(serializers.Serializer[Any]):
    """An access token. The refresh token goes into an httpOnly cookie, never into the body."""

    access = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")
    user = MeSerializer()
