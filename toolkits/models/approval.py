"""Approvals: a second person's consent to one job."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ApprovalState(models.TextChoices):
    """Where an approval stands."""

    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    EXPIRED = "expired", _("Expired")
    VOIDED = "voided", _("Voided")


class JobApproval(models.Model):
    """One request for consent. ``digest`` stands for the inputs, the version and the dry run's
    plan: consent is given to exactly these, and void as soon as one of them is another."""

    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="approvals")
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ApprovalState, default=ApprovalState.PENDING
    )
    asked_by = models.JSONField(
        default=list, db_default=[], editable=False,
        help_text=_("Who asked for the run: none of them approves."),
    )  # fmt: skip
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    comment = models.CharField(_("comment"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=models.Q(state="pending"), name="approval_pending"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["job"],
                condition=models.Q(state__in=["pending", "approved"]),
                name="approval_one_live",
            )
        ]

    def __str__(self) -> str:
        return f"approval of {self.job_id}: {self.state}"
