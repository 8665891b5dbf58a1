"""Keys whose signatures on bundles are trusted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class TrustedKey(models.Model):
    """An Ed25519 public key, in base64. Keys of ``TOOLKIT_TRUSTED_KEYS`` stand beside these."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    public_key = models.CharField(_("public key"), max_length=64, unique=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("trusted key")
        verbose_name_plural = _("trusted keys")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
