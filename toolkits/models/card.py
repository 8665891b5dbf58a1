"""The last content of dashboard cards."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CardState(models.Model):
    """What a card showed when it was last refreshed, and when it is due again."""

    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="card_states"
    )
    name = models.CharField(max_length=100)
    view = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    refreshed_at = models.DateTimeField(null=True)
    next_refresh_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.UniqueConstraint(fields=["toolkit", "name"], name="cardstate_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
