"""A bundle that was checked and waits to be confirmed: what it would change, and its bytes."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class PlanState(models.TextChoices):
    """Where a plan stands."""

    CHECKING = "checking", _("Being checked")
    READY = "ready", _("Ready to be confirmed")
    REFUSED = "refused", _("Refused")
    CONFIRMED = "confirmed", _("Confirmed")
    DISCARDED = "discarded", _("Discarded")


class InstallPlan(models.Model):
    """What installing one bundle would change. Confirming it installs exactly these bytes.

    ``changes`` is what ``toolkits.bundles.differences`` found; ``base_version`` is what was
    active then: a plan whose base is active no more cannot be confirmed.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    state = models.CharField(max_length=10, choices=PlanState, default=PlanState.CHECKING)
    source_name = models.CharField(_("file"), max_length=200)
    via = models.CharField(max_length=10, default="console")
    options = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    problem = models.JSONField(null=True)
    log = models.TextField(blank=True)
    slug = models.CharField(max_length=64, blank=True, db_index=True)
    version = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    manifest = models.JSONField(default=dict)
    description = models.JSONField(default=dict)
    environment = models.CharField(max_length=300, blank=True)
    signature = models.JSONField(default=dict)
    changes = models.JSONField(default=dict)
    base_version = models.ForeignKey(
        "toolkits.ToolkitVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("install plan")
        verbose_name_plural = _("install plans")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.slug or self.source_name} {self.version}".strip()

    @property
    def folder(self) -> Path:
        """Where its bytes are while it waits."""
        root: Path = settings.TOOLKIT_STORAGE_DIR
        return root / ".planned" / str(self.pk)

    @property
    def needs_consent(self) -> dict[str, str]:
        """What it asks for beyond what was consented to, in words."""
        return dict(self.changes.get("permissions", {}).get("added", {}))
