"""Records of a toolkit's collections."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class Record(models.Model):
    """One record. ``version`` counts its changes: a writer names the one that it saw."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="records"
    )
    collection = models.CharField(_("collection"), max_length=64)
    data = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("records")
        ordering = ["id"]
        indexes = [models.Index(fields=["toolkit", "collection", "id"], name="record_collection")]

    def __str__(self) -> str:
        return f"{self.collection} {self.pk}"
