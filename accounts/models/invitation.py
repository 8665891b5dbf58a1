"""Links by which people set their own password."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class Invitation(models.Model):
    """A link that is good once: to make an account with roles, or, where ``user`` is set before
    it is used, to set that account's password. Only its digest is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE,
        related_name="invitations", verbose_name=_("user"),
    )  # fmt: skip
    email = models.EmailField(_("email address"), blank=True)
    username = models.CharField(_("username"), max_length=150, blank=True)
    roles = models.JSONField(_("roles"), default=list, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+",
        verbose_name=_("invited by"),
    )  # fmt: skip
    by_system = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, editable=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.username or self.email or str(self.user or self.id)

    @property
    def is_good(self) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and self.expires_at > timezone.now()
