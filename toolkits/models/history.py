"""Samples over time that toolkits keep."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ToolkitSample(models.Model):
    """One sample of one series of a toolkit. ``at`` is in epoch seconds, as toolkits give it."""

    id = models.BigAutoField(primary_key=True)
    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="samples"
    )
    series = models.CharField(max_length=200)
    at = models.FloatField()
    value = models.JSONField(null=True)

    class Meta:
        verbose_name = _("toolkit sample")
        verbose_name_plural = _("toolkit samples")
        indexes = [models.Index(fields=["toolkit", "series", "at"], name="toolkitsample_series_at")]

    def __str__(self) -> str:
        return f"{self.series} at {self.at:.0f}"
