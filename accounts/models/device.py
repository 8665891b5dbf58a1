"""Requests of devices without a browser of their own to be let in as somebody."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class DeviceState(models.TextChoices):
    """What became of a request."""

    PENDING = "pending", _("Waiting")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    CLAIMED = "claimed", _("Signed in")


class DeviceGrant(models.Model):
    """A device that waits to be let in: RFC 8628. It keeps the device code, of which the digest
    is here; a person types the short user code into the console and says yes or no."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    user_code = models.CharField(_("code"), max_length=12, unique=True, editable=False)
    client = models.CharField(_("client"), max_length=100, blank=True)
    address = models.CharField(_("address"), max_length=64, blank=True)
    user_agent = models.CharField(_("device"), max_length=300, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=DeviceState, default=DeviceState.PENDING
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    provider = models.CharField(max_length=64, blank=True)
    methods = models.JSONField(default=list)
    created_at = models.DateTimeField(_("asked"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    polled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("waiting device")
        verbose_name_plural = _("waiting devices")
        indexes = [models.Index(fields=["expires_at"], name="device_grant_expiry")]

    def __str__(self) -> str:
        return self.client or str(self.id)

    @property
    def is_waiting(self) -> bool:
        """Whether somebody can still say yes or no."""
        return self.state == DeviceState.PENDING and self.expires_at > timezone.now()
