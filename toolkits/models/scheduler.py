"""Which scheduler process is the one that acts."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

#: So long the holder acts without renewing it.
LEASE = timedelta(seconds=10)


class SchedulerLease(models.Model):
    """One row: the holder acts until the lease runs out, then whoever takes it."""

    name = models.CharField(max_length=50, primary_key=True)
    holder = models.CharField(max_length=200)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = "scheduler lease"
        # Stands here because foundations, whose page it opens, have no models.
        permissions = [("view_system", "Can see system information")]

    def __str__(self) -> str:
        return f"{self.name} held by {self.holder}"
