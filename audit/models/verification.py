"""Verifications of the whole trail, done in steps by the scheduler."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Verification(models.Model):
    """One run over the chain: how far it is, and what it found."""

    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("requested by"),
    )
    finished_at = models.DateTimeField(_("finished"), null=True)
    through = models.BigIntegerField(_("checked through"), default=0)
    rows = models.BigIntegerField(_("events checked"), default=0)
    problems = models.JSONField(_("problems"), default=list)
    state = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("audit verification")
        verbose_name_plural = _("audit verifications")
        ordering = ["-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"verification {self.pk}"

    @property
    def is_whole(self) -> bool:
        """Whether it came to its end and found nothing wrong."""
        return self.finished_at is not None and not self.problems
