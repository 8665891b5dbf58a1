"""Schedules: runs that the platform requests by itself."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class ScheduleKind(models.TextChoices):
    """What decides when it is due."""

    CRON = "cron", _("Cron expression")
    INTERVAL = "interval", _("Interval")
    ONCE = "once", _("Once")


class OverlapPolicy(models.TextChoices):
    """What happens when a run is due and the one before it has not ended."""

    SKIP = "skip", _("Skip the new run")
    QUEUE = "queue", _("Run it after the present one")
    PARALLEL = "parallel", _("Run it beside the present one")
    REPLACE = "replace", _("Cancel the present one")


class MissedPolicy(models.TextChoices):
    """What happens with runs whose time passed while no scheduler was there."""

    SKIP = "skip", _("Skip them")
    ONCE = "once", _("Run once for all of them")
    ALL = "all", _("Run each of them")


class Schedule(models.Model):
    """When and with which inputs an operation runs. It belongs to a role, so that it does not
    end with the account of whoever made it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=200)
    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="schedules"
    )
    operation = models.CharField(_("operation"), max_length=100)
    inputs = models.JSONField(_("inputs"), default=dict, blank=True)
    dry_run = models.BooleanField(_("dry run"), default=False)
    timeout_seconds = models.PositiveIntegerField(_("time limit"), null=True, blank=True)

    kind = models.CharField(_("kind"), max_length=10, choices=ScheduleKind)
    cron = models.CharField(_("cron expression"), max_length=100, blank=True)
    interval_seconds = models.PositiveIntegerField(
        _("interval"), null=True, blank=True, validators=[MinValueValidator(10)]
    )
    run_at = models.DateTimeField(_("run at"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    jitter_seconds = models.PositiveIntegerField(
        _("jitter"), default=0, help_text=_("Each run starts up to this many seconds late.")
    )
    overlap = models.CharField(
        _("overlap"), max_length=10, choices=OverlapPolicy, default=OverlapPolicy.SKIP
    )
    missed = models.CharField(
        _("missed runs"), max_length=10, choices=MissedPolicy, default=MissedPolicy.ONCE
    )

    owner = models.ForeignKey(
        "auth.Group",
        on_delete=models.PROTECT,
        related_name="schedules",
        verbose_name=_("owner"),
        help_text=_("The role that it belongs to and whose permissions it runs with."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    authors = models.JSONField(
        default=list, db_default=[], editable=False,
        help_text=_("Who made or changed it: none of them approves."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    problem = models.CharField(
        _("problem"),
        max_length=500,
        blank=True,
        help_text=_("Why it is not run: its inputs no longer fit the installed version, …"),
    )
    due_at = models.DateTimeField(
        null=True, editable=False, help_text=_("The time that the next run is for.")
    )
    next_run_at = models.DateTimeField(_("next run"), null=True, editable=False)
    last_run_at = models.DateTimeField(_("last run"), null=True, editable=False)

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ["name", "id"]
        indexes = [
            models.Index(
                fields=["next_run_at"],
                condition=models.Q(paused_at__isnull=True, next_run_at__isnull=False),
                name="schedule_due",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=(models.Q(kind="cron") & ~models.Q(cron=""))
                | models.Q(kind="interval", interval_seconds__gte=10)
                | models.Q(kind="once", run_at__isnull=False),
                name="schedule_says_when",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        """Whether a person stopped it for now."""
        return self.paused_at is not None
