"""How far each place that events are sent to has come."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ForwardPosition(models.Model):
    """One place: everything up to ``sequence`` has been taken there at least once."""

    sink = models.CharField(_("where to"), max_length=64, primary_key=True)
    label = models.CharField(_("where to"), max_length=200)
    sequence = models.BigIntegerField(_("number"), default=0)
    checkpoint = models.BigIntegerField(_("checkpoint"), default=0)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    error = models.CharField(_("last error"), max_length=300, blank=True)
    next_try_at = models.DateTimeField(_("next try"), null=True)
    sent_at = models.DateTimeField(_("last sent"), null=True)

    class Meta:
        verbose_name = _("audit forwarding")
        verbose_name_plural = _("audit forwarding")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.label
