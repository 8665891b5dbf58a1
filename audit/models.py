"""The audit trail's rows."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class Event(models.Model):
    """One security-relevant act: who did what to what, when, from where, with what outcome.

    Names and labels are copied, not referenced, so that an event outlives what it is about.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    time = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    name = models.CharField(_("event"), max_length=64, db_index=True)
    severity = models.CharField(_("severity"), max_length=10)
    outcome = models.CharField(_("outcome"), max_length=10, default="success")
    actor_type = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=64, blank=True, db_index=True)
    actor_label = models.CharField(_("actor"), max_length=200, blank=True)
    target_type = models.CharField(max_length=64, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target_label = models.CharField(_("target"), max_length=200, blank=True)
    address = models.CharField(_("address"), max_length=64, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    job_id = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-id"]
        indexes = [models.Index(fields=["target_type", "target_id"], name="audit_target")]

    def __str__(self) -> str:
        return f"{self.name} by {self.actor_label or self.actor_type}"
