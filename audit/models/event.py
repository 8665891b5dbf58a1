"""The audit trail's rows."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.catalogue import Severity
from toolbox.ids import uuid7


class Outcome(models.TextChoices):
    """Whether the act was done."""

    SUCCESS = "success", _("Success")
    FAILURE = "failure", _("Failure")


class Event(models.Model):
    """One security-relevant act: who did what to what, when, from where, with what outcome.

    Names and labels are copied, not referenced, so that an event outlives what it is about.
    ``sequence`` and ``hash`` are its place in the chain, set once by ``audit.chain``; database
    triggers refuse every other change.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    time = models.DateTimeField(_("time"), default=timezone.now)
    name = models.CharField(_("event"), max_length=64)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    outcome = models.CharField(
        _("outcome"), max_length=10, choices=Outcome, default=Outcome.SUCCESS
    )
    actor_type = models.CharField(_("kind of actor"), max_length=20)
    actor_id = models.CharField(_("id of actor"), max_length=64, blank=True)
    actor_label = models.CharField(_("actor"), max_length=200, blank=True)
    behalf_type = models.CharField(_("kind of whom it was for"), max_length=20, blank=True)
    behalf_id = models.CharField(_("id of whom it was for"), max_length=64, blank=True)
    behalf_label = models.CharField(_("on behalf of"), max_length=200, blank=True)
    target_type = models.CharField(_("kind of target"), max_length=64, blank=True)
    target_id = models.CharField(_("id of target"), max_length=64, blank=True)
    target_label = models.CharField(_("target"), max_length=200, blank=True)
    address = models.CharField(_("address"), max_length=64, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=300, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    job_id = models.CharField(_("job"), max_length=64, blank=True)
    changes = models.JSONField(_("changes"), default=dict, blank=True)
    details = models.JSONField(_("details"), default=dict, blank=True)
    proof = models.CharField(_("proof"), max_length=81, blank=True, editable=False)
    sequence = models.BigIntegerField(_("number"), null=True, unique=True, editable=False)
    hash = models.CharField(_("hash"), max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["name", "-id"], name="audit_event_by_name"),
            models.Index(fields=["actor_id", "-id"], name="audit_event_by_actor"),
            models.Index(fields=["target_id", "target_type", "-id"], name="audit_event_by_target"),
            models.Index(
                fields=["behalf_id", "-id"],
                condition=~models.Q(behalf_id=""),
                name="audit_event_by_behalf",
            ),
            models.Index(
                fields=["job_id", "-id"], condition=~models.Q(job_id=""), name="audit_event_by_job"
            ),
            models.Index(
                fields=["address", "-id"],
                condition=~models.Q(address=""),
                name="audit_event_by_address",
            ),
            models.Index(
                fields=["severity", "-id"],
                condition=models.Q(severity__in=["warning", "critical"]),
                name="audit_event_grave",
            ),
            models.Index(
                fields=["-id"], condition=models.Q(outcome="failure"), name="audit_event_failed"
            ),
            models.Index(
                fields=["id"], condition=models.Q(sequence=None), name="audit_event_unsealed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} by {self.actor_label or self.actor_type}"

    def get_absolute_url(self) -> str:
        return reverse("audit-detail", args=[self.pk])
