"""Who can say who somebody is, and whom they have said it of."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class ProviderKind(models.TextChoices):
    """What a provider speaks."""

    LOCAL = "local", _("Local accounts")
    OIDC = "oidc", _("OpenID Connect")
    LDAP = "ldap", _("LDAP")
    AD = "ad", _("Active Directory")


class ProviderQuerySet(models.QuerySet["Provider"]):
    """Providers by what they are good for."""

    def usable(self) -> ProviderQuerySet:
        """Those that let people in now."""
        return self.filter(enabled=True)

    def by_password(self) -> ProviderQuerySet:
        """Usable ones that take a name and a password on our own page."""
        return self.usable().exclude(kind=ProviderKind.OIDC)


class Provider(models.Model):
    """One way to sign in. Every process reads the row at each sign-in, so a change works at
    once. Secrets are references to Vault; their values are never in the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(
        _("short name"), max_length=64, unique=True, help_text=_("In addresses; never changes.")
    )
    name = models.CharField(_("name"), max_length=100, help_text=_("On the sign-in page."))
    kind = models.CharField(_("kind"), max_length=10, choices=ProviderKind)
    enabled = models.BooleanField(_("enabled"), default=True)
    position = models.PositiveIntegerField(_("position"), default=100)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    secrets = models.JSONField(_("references to Vault"), default=dict, blank=True)
    mappings = models.JSONField(_("groups to roles"), default=list, blank=True)
    default_roles = models.JSONField(_("roles for everybody"), default=list, blank=True)
    managed_by = models.CharField(max_length=20, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    #: Values that were typed but not saved, for a test of the connection.
    unsaved_secrets: dict[str, str] | None = None

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in provider")
        verbose_name_plural = _("sign-in providers")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def takes_password(self) -> bool:
        """Whether a name and a password on our own page are what it wants."""
        return self.kind != ProviderKind.OIDC


class Identity(models.Model):
    """What an outside provider calls a user. Found by provider, issuer and subject, which never
    change hands, and never by a name or an email address, which do."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(_("issuer"), max_length=300)
    subject = models.CharField(_("subject"), max_length=300)
    name = models.CharField(_("name there"), max_length=300, blank=True)
    groups = models.JSONField(_("groups"), default=list, blank=True)
    given_roles = models.JSONField(default=list, blank=True, editable=False)
    created_at = models.DateTimeField(_("linked"), default=timezone.now, editable=False)
    last_sign_in_at = models.DateTimeField(_("last sign-in"), null=True, editable=False)
    asked_at = models.DateTimeField(_("last asked for"), null=True, editable=False)
    checked_at = models.DateTimeField(_("last confirmed"), null=True, editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        ordering = ["provider", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "issuer", "subject"], name="identity_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or self.subject} ({self.provider_id})"


class ProvidersApplied(models.Model):
    """Which text of AUTH_PROVIDERS_JSON or AUTH_PROVIDERS_FILE the rows were last made from."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return self.digest[:12]
