"""What lets a client send a request that starts a job again without starting a second one."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """A key that a user's client made, and the job that the first request with it started.

    ``digest`` tells whether a later request with the key asks for the same. The row is written
    in the transaction of the job.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="idempotency_keys"
    )
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "idempotency key"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotencykey_unique")
        ]
        indexes = [models.Index(fields=["user", "created_at"], name="idempotencykey_age")]

    def __str__(self) -> str:
        return self.key
