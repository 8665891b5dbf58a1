"""What toolkit code wants people to be told of while it runs."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class NoticeState(models.TextChoices):
    """How a notice is to be taken; the states of the SDK's views."""

    OK = "ok", _("OK")
    INFO = "info", _("Information")
    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")
    UNKNOWN = "unknown", _("Unknown")


class Notice(models.Model):
    """One notice. ``key`` says what it is about, in the toolkit's own terms."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="notices"
    )
    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="notices")
    state = models.CharField(_("state"), max_length=10, choices=NoticeState)
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    key = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(_("told"), default=timezone.now)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        indexes = [models.Index(fields=["toolkit", "-created_at"], name="notice_by_toolkit")]

    def __str__(self) -> str:
        return self.title
