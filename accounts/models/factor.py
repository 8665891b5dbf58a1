"""Second factors, and which roles ask for one."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class FactorKind(models.TextChoices):
    """What a second factor is."""

    TOTP = "totp", _("Authenticator app")
    PASSKEY = "passkey", _("Passkey")
    RECOVERY = "recovery", _("Recovery codes")


class Factor(models.Model):
    """One second factor of a user.

    ``data`` holds what is no secret: a passkey's public key, the digests of recovery codes,
    the last step of an app. The secret of an app is in Vault.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="factors"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=FactorKind)
    name = models.CharField(_("name"), max_length=100, blank=True)
    data = models.JSONField(default=dict, editable=False)
    credential = models.CharField(max_length=400, unique=True, null=True, editable=False)
    created_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")
        ordering = ["kind", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind"],
                condition=models.Q(kind__in=[FactorKind.TOTP.value, FactorKind.RECOVERY.value]),
                name="factor_one_of_kind",
            )
        ]

    def __str__(self) -> str:
        return self.name or str(self.get_kind_display())

    @property
    def codes_left(self) -> int:
        """How many recovery codes are unspent."""
        return len(self.data.get("codes", []))


class Role(Group):
    """A group by the name that people know it by."""

    class Meta:
        proxy = True
        verbose_name = _("role")
        verbose_name_plural = _("roles")


class RolePolicy(models.Model):
    """What a role asks of whoever has it."""

    role = models.OneToOneField(
        Group, on_delete=models.CASCADE, primary_key=True, related_name="policy"
    )
    requires_mfa = models.BooleanField(_("asks for a second factor"), default=False)

    class Meta:
        verbose_name = _("role policy")
        verbose_name_plural = _("role policies")

    def __str__(self) -> str:
        return str(self.role)
