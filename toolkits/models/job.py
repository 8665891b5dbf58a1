"""A job: one requested run of an operation. The row is the truth about it."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7
from toolkits.jobs.states import ACTIVE, TERMINAL, JobState

_TERMINAL = sorted(state.value for state in TERMINAL)
_ACTIVE = sorted(state.value for state in ACTIVE)


class JobKind(models.TextChoices):
    """What a job runs."""

    OPERATION = "operation", _("Operation")
    CARD = "card", _("Card refresh")
    INSTALL = "install", _("Install")


class JobVia(models.TextChoices):
    """Through which door a job was requested."""

    CONSOLE = "console", _("Console")
    API = "api", _("API")
    CLI = "cli", _("Command line")
    SCHEDULE = "schedule", _("Schedule")
    JOB = "job", _("Another job")
    SYSTEM = "system", _("System")


class Job(models.Model):
    """One requested run. ``attempt`` fences writers: a worker's writes name the attempt that
    they belong to and are refused once the row has moved on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    toolkit = models.ForeignKey(
        "toolkits.Toolkit", null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    toolkit_slug = models.CharField(_("toolkit"), max_length=64)
    version = models.ForeignKey(
        "toolkits.ToolkitVersion", null=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    version_label = models.CharField(_("version"), max_length=100)
    kind = models.CharField(max_length=10, choices=JobKind, default=JobKind.OPERATION)
    operation = models.CharField(_("operation"), max_length=100)
    title = models.CharField(_("title"), max_length=200)
    inputs = models.JSONField(_("inputs"), default=dict)
    dry_run = models.BooleanField(_("dry run"), default=False)
    state = models.CharField(_("state"), max_length=20, choices=JobState, default=JobState.QUEUED)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    # Who asked, and what it belongs to.
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
        verbose_name=_("requested by"),
        db_index=False,
    )
    requester = models.CharField(
        _("requester"), max_length=200, blank=True, help_text=_("A name that outlives the account.")
    )
    requested_via = models.CharField(max_length=10, choices=JobVia, default=JobVia.CONSOLE)
    schedule = models.ForeignKey(
        "toolkits.Schedule",
        null=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
        db_index=False,
    )
    scheduled_for = models.DateTimeField(_("scheduled for"), null=True)
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="children"
    )
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    has_children = models.BooleanField(default=False, editable=False)
    rerun_of = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="reruns"
    )
    resumes = models.BooleanField(
        default=False, help_text=_("Skips the steps that the run before it completed.")
    )
    plan = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="planned",
        help_text=_("The dry run whose result an approver sees."),
    )

    trace = models.CharField(
        max_length=55, blank=True, default="", db_default="", editable=False,
        help_text=_("W3C traceparent of what asked for it."),
    )

    # When it may run, and after whom.
    created_at = models.DateTimeField(_("requested"), default=timezone.now)
    not_before = models.DateTimeField(_("not before"), null=True)
    queue = models.CharField(_("queue"), max_length=20, default="default")
    turn = models.BigIntegerField(
        default=0, editable=False, help_text=_("Place in its queue, fair between toolkits.")
    )
    limits = models.JSONField(
        default=list, editable=False, help_text=_("What it holds while it runs: [key, capacity].")
    )
    guarded = models.BooleanField(
        default=False, editable=False, help_text=_("Whether a claim has to look at it closely.")
    )
    waits_for = models.CharField(
        _("waits for"), max_length=200, blank=True, help_text=_("The limit or lock that is taken.")
    )

    # The present attempt.
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    worker = models.CharField(_("worker"), max_length=200, blank=True)
    lease_expires_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    timeout_seconds = models.PositiveIntegerField(_("time limit"), default=3600)
    progress_done = models.BigIntegerField(null=True)
    progress_total = models.BigIntegerField(null=True)
    progress_label = models.CharField(max_length=200, blank=True)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )

    # What it leaves behind.
    result = models.JSONField(_("result"), null=True)
    error = models.JSONField(_("error"), null=True)
    log_lines = models.BigIntegerField(default=0)
    log_bytes = models.BigIntegerField(default=0)
    log_truncated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        permissions = [
            ("view_all_jobs", "Can see jobs of everybody"),
            ("cancel_any_job", "Can cancel jobs of everybody"),
            ("approve_job", "Can approve jobs that others requested"),
        ]
        indexes = [
            # Lists, the newest first.
            models.Index(fields=["toolkit_slug", "operation", "-id"], name="job_operation"),
            models.Index(fields=["toolkit_slug", "-id"], name="job_toolkit"),
            models.Index(fields=["requested_by", "-id"], name="job_requester"),
            models.Index(fields=["state", "-id"], name="job_state"),
            models.Index(
                fields=["schedule", "-id"],
                condition=models.Q(schedule__isnull=False),
                name="job_schedule",
            ),
            # The engine's own questions, each on the few rows that matter to it.
            models.Index(
                fields=["queue", "turn", "id"],
                condition=models.Q(state="queued", waits_for=""),
                name="job_runnable",
            ),
            models.Index(
                fields=["queue", "toolkit_slug", "-turn"],
                condition=models.Q(state="queued"),
                name="job_turns",
            ),
            models.Index(
                fields=["waits_for", "turn", "id"],
                condition=models.Q(state="queued") & ~models.Q(waits_for=""),
                name="job_blocked",
            ),
            models.Index(
                fields=["not_before"], condition=models.Q(state="scheduled"), name="job_due"
            ),
            models.Index(
                fields=["id"], condition=models.Q(state__in=_ACTIVE), name="job_active"
            ),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=False),
                name="job_finished",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in JobState]),
                name="job_state_known",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=_TERMINAL, finished_at__isnull=False)
                | (~models.Q(state__in=_TERMINAL) & models.Q(finished_at__isnull=True)),
                name="job_finished_iff_terminal",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=_ACTIVE, lease_expires_at__isnull=False, attempt__gte=1
                )
                | (~models.Q(state__in=_ACTIVE) & models.Q(lease_expires_at__isnull=True)),
                name="job_lease_iff_active",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="scheduled") | models.Q(not_before__isnull=False),
                name="job_scheduled_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(waits_for="") | models.Q(state="queued"),
                name="job_waits_only_queued",
            ),
            models.UniqueConstraint(
                fields=["schedule", "scheduled_for"],
                condition=models.Q(schedule__isnull=False),
                name="job_once_per_due_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.toolkit_slug}.{self.operation} {self.id}"

    def get_absolute_url(self) -> str:
        return reverse("job-detail", args=[self.pk])

    @property
    def is_finished(self) -> bool:
        """Whether the state is final."""
        return self.state in TERMINAL

    @property
    def is_active(self) -> bool:
        """Whether a worker holds it."""
        return self.state in ACTIVE

    @property
    def outcome_unknown(self) -> bool:
        """Whether nobody knows how far it came: its worker vanished while it ran."""
        return self.state == JobState.LOST

    @property
    def duration(self) -> timedelta | None:
        """How long it ran, or has run so far; None before it started."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    @property
    def progress_percent(self) -> int | None:
        """Progress from 0 to 100; None while the total is not known."""
        if not self.progress_total:
            return None
        return min(100, int(100 * (self.progress_done or 0) / self.progress_total))
