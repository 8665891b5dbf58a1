"""One installed version of a toolkit: immutable once written."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ToolkitVersion(models.Model):
    """A bundle in storage, what its manifest says and what its code described."""

    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="versions"
    )
    version = models.CharField(_("version"), max_length=100)
    digest = models.CharField(_("digest"), max_length=64)
    manifest = models.JSONField(default=dict)
    description = models.JSONField(default=dict)
    storage_path = models.CharField(max_length=300)
    environment = models.CharField(max_length=300, blank=True)
    signature = models.JSONField(default=dict)
    size_bytes = models.BigIntegerField(_("size"), default=0)
    installed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("installed"), auto_now_add=True)

    class Meta:
        verbose_name = _("toolkit version")
        verbose_name_plural = _("toolkit versions")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["toolkit", "version", "digest"], name="toolkits_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.toolkit_id} {self.version}"

    @property
    def path(self) -> Path:
        """Where the bundle's files are."""
        return settings.TOOLKIT_STORAGE_DIR / self.storage_path
