"""The head of the chain, its signed checkpoints, and the keys that they are signed with."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ChainHead(models.Model):
    """One row: where the chain ends. Whoever locks it is the one that seals."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16, blank=True)
    signature = models.CharField(max_length=128, blank=True)
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("head of the audit chain")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.sequence} {self.hash[:12]}"


class CheckpointKind(models.TextChoices):
    """Why a checkpoint was written."""

    INTERVAL = "interval", _("Interval")
    RETENTION = "retention", _("Retention")


class Checkpoint(models.Model):
    """A signed statement: the chain had this hash at this sequence number at this time.

    One of kind ``retention`` says also that the events from ``first`` on up to it were deleted,
    but for those of ``kept``: pairs of sequence number and digest that a legal hold covers.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=CheckpointKind)
    first = models.BigIntegerField(_("first number"), default=0)
    sequence = models.BigIntegerField(_("number"), db_index=True)
    hash = models.CharField(_("hash"), max_length=64)
    kept = models.JSONField(_("kept events"), default=list)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    key_id = models.CharField(_("key"), max_length=16)
    signature = models.CharField(_("signature"), max_length=128)

    class Meta:
        verbose_name = _("audit checkpoint")
        verbose_name_plural = _("audit checkpoints")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["kind", "sequence"], name="audit_checkpoint_by_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.sequence}"


class SigningKey(models.Model):
    """The public half of a key that checkpoints were signed with, now or before a rotation."""

    key_id = models.CharField(_("key"), max_length=16, primary_key=True)
    public_key = models.CharField(_("public key"), max_length=64)
    created_at = models.DateTimeField(_("first used"), default=timezone.now)

    class Meta:
        verbose_name = _("audit signing key")
        verbose_name_plural = _("audit signing keys")
        ordering = ["-created_at"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.key_id
