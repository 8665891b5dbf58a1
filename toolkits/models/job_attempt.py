"""One try at a job."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobAttempt(models.Model):
    """One try at a job, kept with it: who ran it, when, on what, and how it ended.

    The four ``…_at`` times after ``asked_why`` are the ladder by which a job that must stop is
    stopped; each stays empty when its rung was not needed.
    """

    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField(_("number"))
    worker = models.CharField(_("worker"), max_length=200)
    runner_pid = models.IntegerField(null=True)
    version_label = models.CharField(_("version"), max_length=100)
    sdk = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)
    outcome = models.CharField(_("outcome"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    exit_reason = models.CharField(
        _("exit reason"),
        max_length=40,
        blank=True,
        help_text=_("How the runner ended: result, failed, crashed, timed_out, cancelled, …"),
    )
    error = models.JSONField(_("error"), null=True)
    first_line = models.BigIntegerField(default=1, help_text=_("Where its part of the log begins."))

    asked_why = models.CharField(max_length=20, blank=True)
    asked_at = models.DateTimeField(_("asked to stop"), null=True)
    terminated_at = models.DateTimeField(_("sent SIGTERM"), null=True)
    killed_at = models.DateTimeField(_("sent SIGKILL"), null=True)
    dead_at = models.DateTimeField(_("confirmed dead"), null=True)
    cleanup = models.CharField(
        _("cleanup"), max_length=20, blank=True, help_text=_("How the cleanup hook ended, if any.")
    )

    surroundings = models.JSONField(
        default=dict,
        help_text=_("Digests of the settings and versions of the secrets that it used."),
    )

    class Meta:
        verbose_name = _("job attempt")
        verbose_name_plural = _("job attempts")
        ordering = ["number"]
        indexes = [
            # The few hooks that are still to run.
            models.Index(
                fields=["id"],
                condition=models.Q(cleanup__in=["owed", "running"]),
                name="jobattempt_cleanup_pending",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="jobattempt_number_unique"),
            models.CheckConstraint(
                condition=(models.Q(outcome="") & models.Q(finished_at__isnull=True))
                | (~models.Q(outcome="") & models.Q(finished_at__isnull=False)),
                name="jobattempt_outcome_iff_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} attempt {self.number}"

    @property
    def duration(self) -> timedelta:
        """How long it ran, or has run so far."""
        return (self.finished_at or timezone.now()) - self.started_at
