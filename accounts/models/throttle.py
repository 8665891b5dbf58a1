"""Counts of failed sign-ins, in the database: emptying a cache forgives nobody."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SignInThrottle(models.Model):
    """How often signing in failed lately for one account or from one address.

    ``key`` is a digest: names that people mistype, passwords among them, are not kept.
    """

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    last_attempt_at = models.DateTimeField(default=timezone.now, db_index=True)
    locked_until = models.DateTimeField(_("locked until"), null=True)

    class Meta:
        verbose_name = _("sign-in throttle")

    def __str__(self) -> str:
        return f"{self.failures} failures"
