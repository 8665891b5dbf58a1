"""Which job holds which limit or lock."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobLock(models.Model):
    """One taken place. A key of capacity three has the slots 0, 1 and 2, and the database
    keeps two jobs from having the same one."""

    key = models.CharField(_("key"), max_length=200)
    slot = models.PositiveIntegerField()
    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="held_locks")
    admission = models.BooleanField(
        default=False, help_text=_("Taken with the request and held to the job's end.")
    )
    acquired_at = models.DateTimeField(_("held since"), default=timezone.now)

    class Meta:
        verbose_name = _("job lock")
        verbose_name_plural = _("job locks")
        constraints = [models.UniqueConstraint(fields=["key", "slot"], name="joblock_slot_unique")]

    def __str__(self) -> str:
        return f"{self.key} held by {self.job_id}"
