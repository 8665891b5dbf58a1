"""What the endpoints for administrators take and give."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as ModelError
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import Grant, GrantRole, Invitation, Provider, ProviderKind, User
from accounts.models.user import UserKind
from accounts.roles import CORE_ROLES
from toolbox.api.fields import Sparse, Strict, TrueOrFalse

ROLES = sorted(CORE_ROLES)
_NEW_KINDS = [kind for kind in ProviderKind.choices if kind[0] != ProviderKind.LOCAL.value]


def as_api_error(error: ModelError) -> ValidationError:
    """A model's validation error, as the API answers it."""
    return ValidationError(
        error.message_dict if hasattr(error, "error_dict") else {"password": error.messages}
    )


class UserSerializer(serializers.ModelSerializer[User]):
    """An account, with what it may do and how it signs in."""

    email = serializers.CharField(read_only=True)
    roles = serializers.SerializerMethodField()
    providers = serializers.SerializerMethodField()
    has_password = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "id", "username", "email", "display_name", "kind", "is_active", "roles", "providers",
            "has_password", "date_joined", "last_login",
        )  # fmt: skip
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        return sorted(group.name for group in user.groups.all())

    def get_providers(self, user: User) -> list[str]:
        return sorted({identity.provider.slug for identity in user.identities.all()})

    def get_has_password(self, user: User) -> bool:
        return user.has_usable_password()


#: What ``fields`` may ask for in the list.
FIELDS = tuple(UserSerializer().fields)


class ListedUserSerializer(Sparse, UserSerializer):
    """An account with the fields that were asked for."""


class UserPageSerializer(serializers.Serializer[Any]):
    """A page of accounts."""

    results = ListedUserSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class NewUserSerializer(Strict):
    """A new account. Without a password its owner sets one by a link, or signs in elsewhere."""

    username = serializers.CharField(max_length=150)
    email = serializers.EmailField(default="", allow_blank=True, max_length=254)
    display_name = serializers.CharField(default="", allow_blank=True, max_length=150)
    kind = serializers.ChoiceField(choices=UserKind.choices, default=UserKind.PERSON)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), default=list, max_length=len(ROLES)
    )
    password = serializers.CharField(
        required=False, max_length=1024, trim_whitespace=False, write_only=True
    )


class ChangeUserSerializer(Strict):
    """What to change of an account; what is not named stays."""

    username = serializers.CharField(required=False, max_length=150)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    display_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    is_active = TrueOrFalse(required=False)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), required=False, max_length=len(ROLES)
    )


class GrantSerializer(serializers.ModelSerializer[Grant]):
    """A role for one toolkit or operation."""

    class Meta:
        model = Grant
        fields = ("id", "role", "toolkit_slug", "operation", "sees_jobs", "source", "created_at")
        read_only_fields = fields


class NewGrantSerializer(Strict):
    """A new grant."""

    role = serializers.ChoiceField(choices=GrantRole.choices, default=GrantRole.USER)
    toolkit_slug = serializers.SlugField(max_length=64)
    operation = serializers.CharField(default="", allow_blank=True, max_length=100)
    sees_jobs = TrueOrFalse(default=True)


class NewLinkSerializer(Strict):
    """How a link reaches whom it is for."""

    by_mail = TrueOrFalse(default=False)


class LinkSerializer(serializers.Serializer[Any]):
    """A link that is good once, and is in this answer alone; empty where it goes by mail."""

    link = serializers.CharField()
    expires_at = serializers.DateTimeField()


class RoleSerializer(serializers.Serializer[Any]):
    """A role: what it may do, how many have it, and whether it asks for a second factor."""

    name = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    members = serializers.IntegerField()
    requires_mfa = serializers.BooleanField()


class ChangeRoleSerializer(Strict):
    """What a role asks of whoever has it."""

    requires_mfa = TrueOrFalse()


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation, without its link."""

    email = serializers.CharField(read_only=True)
    roles = serializers.ListField(child=serializers.CharField(), read_only=True)
    invited_by = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = (
            "id", "email", "username", "roles", "invited_by", "created_at", "expires_at", "used_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_invited_by(self, row: Invitation) -> str | None:
        return row.invited_by.username if row.invited_by else None


class InvitationPageSerializer(serializers.Serializer[Any]):
    """A page of invitations."""

    results = InvitationSerializer(many=True)
    next = serializers.CharField(allow_null=True)


class NewInvitationSerializer(Strict):
    """Whom to invite, to which roles."""

    email = serializers.EmailField(default="", allow_blank=True, max_length=254)
    username = serializers.CharField(default="", allow_blank=True, max_length=150)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), default=list, max_length=len(ROLES)
    )
    by_mail = TrueOrFalse(default=False)


class InvitedSerializer(serializers.Serializer[Any]):
    """A new invitation. Its link is in this answer alone; empty where it goes by mail."""

    id = serializers.UUIDField()
    email = serializers.CharField()
    username = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField()
    link = serializers.CharField()


class SignInWaySerializer(serializers.Serializer[Any]):
    """One way to sign in. ``url`` is where a browser begins, where it is not by password here."""

    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ProviderKind.choices)
    takes_password = serializers.BooleanField()
    url = serializers.CharField(allow_null=True)


class ProviderSerializer(serializers.ModelSerializer[Provider]):
    """A provider. Secrets are references to Vault, never values."""

    settings = serializers.DictField(read_only=True)
    secrets = serializers.DictField(read_only=True)
    mappings = serializers.ListField(child=serializers.DictField(), read_only=True)
    default_roles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Provider
        fields = (
            "id", "slug", "name", "kind", "enabled", "position", "settings", "secrets", "mappings",
            "default_roles", "managed_by", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ChangeProviderSerializer(Strict):
    """What to set of a provider. ``secrets`` are references to Vault; ``new_secrets`` are
    values, which go to Vault and are never given back."""

    name = serializers.CharField(required=False, max_length=100)
    enabled = TrueOrFalse(required=False)
    position = serializers.IntegerField(required=False, min_value=0, max_value=10_000)
    settings = serializers.DictField(required=False)
    secrets = serializers.DictField(child=serializers.DictField(), required=False)
    new_secrets = serializers.DictField(
        child=serializers.CharField(max_length=4096, trim_whitespace=False),
        required=False,
        write_only=True,
    )
    mappings = serializers.ListField(
        child=serializers.DictField(), required=False, max_length=1000
    )
    default_roles = serializers.ListField(
        child=serializers.ChoiceField(choices=ROLES), required=False, max_length=len(ROLES)
    )


class NewProviderSerializer(ChangeProviderSerializer):
    """A new provider."""

    slug = serializers.SlugField(max_length=64)
    kind = serializers.ChoiceField(choices=_NEW_KINDS)
    name = serializers.CharField(max_length=100)
    settings = serializers.DictField()


class ProviderTestSerializer(serializers.Serializer[Any]):
    """What a test of a provider found, a line each."""

    ok = serializers.BooleanField()
    lines = serializers.ListField(child=serializers.CharField())
