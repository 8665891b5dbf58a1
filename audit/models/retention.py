"""How long events are kept, and what must be kept longer."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RetentionRule(models.Model):
    """One row, edited in the admin. Without it ``AUDIT_LOG_RETENTION_DAYS`` holds."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    days = models.PositiveIntegerField(
        _("days"),
        validators=[MinValueValidator(1)],
        help_text=_("Events older than this are deleted, unless a legal hold covers them."),
    )

    class Meta:
        verbose_name = _("audit retention")
        verbose_name_plural = _("audit retention")
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return f"{self.days} days"


class LegalHold(models.Model):
    """Events that must not be deleted. A field that is empty holds whatever stands there."""

    reason = models.CharField(_("reason"), max_length=300)
    actor = models.CharField(
        _("actor"), max_length=64, blank=True, help_text=_("Id of a user, token or schedule.")
    )
    event = models.CharField(
        _("event"), max_length=64, blank=True, help_text=_("A name, or its first part: “job.”")
    )
    target_type = models.CharField(_("kind of target"), max_length=64, blank=True)
    target_id = models.CharField(_("id of target"), max_length=64, blank=True)
    since = models.DateTimeField(_("since"), null=True, blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    placed_at = models.DateTimeField(_("placed"), default=timezone.now, editable=False)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("placed by"),
    )
    released_at = models.DateTimeField(_("released"), null=True, editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("released by"),
    )

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-placed_at"]
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.reason
