"""What people keep for themselves in the console: their dashboard, favourites, saved inputs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class ConsolePreferences(models.Model):
    """How one person's console looks. Lists of keys: what they name may be gone meanwhile."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="console_preferences"
    )
    #: Cards, as ``slug.card``, in the person's own order; others follow by name.
    card_order = models.JSONField(default=list)
    hidden_cards = models.JSONField(default=list)
    #: Operations, as ``slug.operation``.
    favourites = models.JSONField(default=list)
    #: Whether the tour was put away.
    tour_done = models.BooleanField(default=False)
    #: Filters of the list of jobs: ``{"name": …, "query": …}``.
    job_filters = models.JSONField(default=list)

    class Meta:
        verbose_name = _("console preferences")
        verbose_name_plural = _("console preferences")

    def __str__(self) -> str:
        return f"console of {self.user_id}"


class RunPreset(models.Model):
    """Inputs of an operation under a name. Secrets and files are never among them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="run_presets"
    )
    toolkit = models.ForeignKey(
        "toolkits.Toolkit", on_delete=models.CASCADE, related_name="run_presets"
    )
    operation = models.CharField(_("operation"), max_length=100)
    name = models.CharField(_("name"), max_length=80)
    inputs = models.JSONField(default=dict)
    shared = models.BooleanField(_("shared"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("saved inputs")
        verbose_name_plural = _("saved inputs")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "toolkit", "operation", "name"], name="runpreset_name_unique"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Maintenance(models.Model):
    """The one row that is there while the platform is closed for maintenance."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    message = models.CharField(_("message"), max_length=500, blank=True)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = _("maintenance")
        verbose_name_plural = _("maintenance")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="maintenance_once")]

    def __str__(self) -> str:
        return self.message
