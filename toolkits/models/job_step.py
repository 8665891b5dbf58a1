"""Steps that toolkit code records while it runs."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StepState(models.TextChoices):
    """Where a step stands."""

    RUNNING = "running", _("Running")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    SKIPPED = "skipped", _("Done before")


class JobStep(models.Model):
    """One step of one attempt. ``key`` tells steps of one name apart, such as the host."""

    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="steps")
    attempt = models.PositiveIntegerField()
    name = models.CharField(_("step"), max_length=100)
    key = models.CharField(_("key"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=StepState)
    value = models.JSONField(null=True, help_text=_("What the step gave, for a later attempt."))
    message = models.CharField(_("message"), max_length=500, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("job step")
        verbose_name_plural = _("job steps")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "attempt", "name", "key"], name="jobstep_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.key}".strip()

    @property
    def duration(self) -> timedelta:
        """How long it took, or has taken so far."""
        return (self.finished_at or timezone.now()) - self.started_at
