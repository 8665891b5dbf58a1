"""Mail that is to go out. Links are not in it: they are made when a mail is sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class MailPurpose(models.TextChoices):
    """What a mail is about."""

    INVITATION = "invitation", _("Invitation")
    PASSWORD = "password", _("Link to set a password")
    FORGOTTEN = "forgotten", _("Forgotten password")
    LOCKOUT = "lockout", _("Lockout")


class OutgoingMail(models.Model):
    """One mail, kept until it is sent or given up.

    A mail about a forgotten password or a lockout is noted for names that nobody has too, and
    dropped when its turn comes: whoever asks cannot tell by time who exists.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    purpose = models.CharField(max_length=12, choices=MailPurpose)
    invitation = models.ForeignKey(
        "accounts.Invitation", null=True, on_delete=models.CASCADE, related_name="+"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    asked_for = models.CharField(max_length=254, blank=True)
    details = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(default=timezone.now, db_index=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mail")

    def __str__(self) -> str:
        return f"{self.purpose} mail {self.pk}"
