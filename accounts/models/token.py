"""Tokens that people and service accounts make for their programs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import TokenLimits
from toolbox.ids import uuid7


class PersonalToken(models.Model):
    """A token that acts for its owner, with less than their rights. Only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_tokens"
    )
    name = models.CharField(_("name"), max_length=100)
    hint = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    toolkits = models.JSONField(_("toolkits"), default=list, blank=True)
    addresses = models.JSONField(_("addresses"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True)
    last_used_address = models.CharField(max_length=64, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta:
        verbose_name = _("personal token")
        verbose_name_plural = _("personal tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def is_good(self) -> bool:
        """Whether it still lets its owner's program in."""
        return self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def limits(self) -> TokenLimits:
        """What it leaves of its owner's rights."""
        return TokenLimits(frozenset(self.scopes), frozenset(self.toolkits))
