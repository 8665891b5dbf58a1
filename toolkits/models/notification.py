"""Who is told of the outcome of jobs, and each message that is on its way."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7
from toolkits.jobs.states import TERMINAL


def _all_outcomes() -> list[str]:
    return sorted(state.value for state in TERMINAL if state != "succeeded")


class NotificationChannel(models.TextChoices):
    """How somebody is told."""

    WEBHOOK = "webhook", _("Webhook")
    EMAIL = "email", _("E-mail")


class NotificationRule(models.Model):
    """Tells somebody when jobs of a toolkit, an operation or a schedule end in some way."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    enabled = models.BooleanField(_("enabled"), default=True)
    toolkit = models.ForeignKey(
        "toolkits.Toolkit",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notification_rules",
        help_text=_("Empty for all toolkits."),
    )
    operation = models.CharField(
        _("operation"), max_length=100, blank=True, help_text=_("Empty for all operations.")
    )
    schedule = models.ForeignKey(
        "toolkits.Schedule",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="notification_rules",
    )
    outcomes = models.JSONField(_("outcomes"), default=_all_outcomes)
    channel = models.CharField(_("channel"), max_length=10, choices=NotificationChannel)
    url = models.CharField(_("address"), max_length=500, blank=True)
    has_signing_key = models.BooleanField(default=False, editable=False)
    recipients = models.JSONField(_("recipients"), default=list, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("notification rule")
        verbose_name_plural = _("notification rules")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def vault_path(self) -> str:
        """Where the key is that its webhook is signed with."""
        return f"notifications/{self.pk}"


class DeliveryState(models.TextChoices):
    """Where a message stands."""

    PENDING = "pending", _("On its way")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Given up")


class NotificationDelivery(models.Model):
    """One message about one job's end. Written with the end itself, delivered after it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.ForeignKey(
        NotificationRule, on_delete=models.CASCADE, related_name="deliveries"
    )
    job = models.ForeignKey(
        "toolkits.Job", on_delete=models.CASCADE, related_name="notifications"
    )
    state = models.CharField(
        _("state"), max_length=10, choices=DeliveryState, default=DeliveryState.PENDING
    )
    tries = models.PositiveIntegerField(_("tries"), default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=models.Q(state="pending"), name="delivery_due"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["rule", "job"], name="delivery_once_per_rule")
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} for {self.job_id}: {self.state}"
