"""Install plans as JSON: what installing a bundle would change."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from toolbox.api.fields import Strict, TrueOrFalse
from toolkits.models import InstallPlan, PlanState


class ListedChangesSerializer(serializers.Serializer[Any]):
    """What comes, goes and changes, by name."""

    added = serializers.ListField(child=serializers.CharField())
    removed = serializers.ListField(child=serializers.CharField())
    changed = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class PermissionChangesSerializer(serializers.Serializer[Any]):
    """What the version asks for."""

    wanted = serializers.ListField(child=serializers.CharField())
    added = serializers.DictField(
        child=serializers.CharField(), help_text="Beyond what was consented to: in words."
    )
    removed = serializers.ListField(child=serializers.CharField())


class PackageChangesSerializer(serializers.Serializer[Any]):
    """Dependencies that come and go."""

    added = serializers.ListField(child=serializers.CharField())
    removed = serializers.ListField(child=serializers.CharField())
    # Plans of an older release lack it.
    changed = serializers.ListField(child=serializers.CharField(), default=list)


class PlatformSerializer(serializers.Serializer[Any]):
    """Which platform it is made for."""

    requires = serializers.CharField(help_text="The range of versions that the bundle names.")
    version = serializers.CharField(help_text="The version of this platform.")


class BreakSerializer(serializers.Serializer[Any]):
    """Something saved that the version does not take any more."""

    kind = serializers.CharField()
    id = serializers.JSONField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    problem = serializers.CharField()


class ChangesSerializer(serializers.Serializer[Any]):
    """What would change."""

    kind = serializers.ChoiceField(
        choices=["install", "update", "downgrade", "same", "restore"]
    )
    operations = ListedChangesSerializer()
    collections = ListedChangesSerializer()
    cards = ListedChangesSerializer()
    settings = serializers.ListField(child=serializers.CharField())
    permissions = PermissionChangesSerializer()
    packages = PackageChangesSerializer()
    platform = PlatformSerializer(required=False)
    breaks = BreakSerializer(many=True)
    breaks_count = serializers.IntegerField()
    warnings = serializers.ListField(child=serializers.CharField())


class SignatureSerializer(serializers.Serializer[Any]):
    """Who signed the bundle."""

    status = serializers.CharField()
    signer = serializers.CharField(allow_blank=True)


class PlanSerializer(serializers.Serializer[Any]):
    """A bundle that was checked and waits to be confirmed."""

    id = serializers.UUIDField()
    url = serializers.CharField(help_text="POST here to confirm it, DELETE to give it up.")
    state = serializers.ChoiceField(choices=PlanState.choices)
    slug = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    base_version = serializers.CharField(allow_null=True, help_text="What is installed now.")
    digest = serializers.CharField(allow_blank=True, help_text="SHA-256 of the content.")
    size_bytes = serializers.IntegerField()
    signature = SignatureSerializer(allow_null=True)
    changes = ChangesSerializer(allow_null=True)
    needs_consent = serializers.BooleanField()
    expires_at = serializers.DateTimeField()


class ConfirmSerializer(Strict):
    """That exactly what was planned is to be installed."""

    digest = serializers.CharField(max_length=64, help_text="That of the plan.")
    consent = TrueOrFalse(
        default=False, help_text="To what the version asks for beyond what it had."
    )


def plan_json(plan: InstallPlan) -> dict[str, Any]:
    """A plan."""
    signature = plan.signature
    shown = {"status": signature["status"], "signer": signature["signer"]} if signature else None
    return {
        "id": plan.pk,
        "url": reverse("api-install-plan", args=[plan.pk]),
        "state": plan.state,
        "slug": plan.slug,
        "version": plan.version,
        "base_version": plan.base_version.version if plan.base_version else None,
        "digest": plan.digest,
        "size_bytes": plan.size_bytes,
        "signature": shown,
        "changes": plan.changes or None,
        "needs_consent": bool(plan.needs_consent),
        "expires_at": plan.expires_at,
    }
