"""Settings and state that the platform keeps for a toolkit."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ToolkitSettings(models.Model):
    """A toolkit's one settings record. Secret fields hold a Vault reference, never a value."""

    toolkit = models.OneToOneField(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="stored_settings"
    )
    data = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("toolkit settings")
        verbose_name_plural = _("toolkit settings")

    def __str__(self) -> str:
        return f"settings of {self.toolkit_id}"


class ToolkitState(models.Model):
    """One entry of the small key-value store that a toolkit's code keeps."""

    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="state_entries"
    )
    key = models.CharField(max_length=200)
    value = models.JSONField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("toolkit state")
        verbose_name_plural = _("toolkit states")
        constraints = [
            models.UniqueConstraint(fields=["toolkit", "key"], name="toolkitstate_key_unique")
        ]

    def __str__(self) -> str:
        return self.key
