"""Sign-ins that are going on: in browsers and of API clients."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from toolbox.ids import uuid7


class SessionKind(models.TextChoices):
    """What holds the session."""

    BROWSER = "browser", _("Browser")
    API = "api", _("API client")


class UserSessionQuerySet(models.QuerySet["UserSession"]):
    """Sessions by what they are good for."""

    def alive(self, now: datetime | None = None) -> UserSessionQuerySet:
        """Those that have neither been ended nor run out."""
        return self.filter(ended_at__isnull=True, expires_at__gt=now or timezone.now())


class UserSession(models.Model):
    """One sign-in. Every request with a cookie or an access token is checked against its row,
    so ending the row ends the session at once.

    An API session is a family of refresh tokens, of which ``refresh_digest`` names the one
    that is good: whoever comes with another one holds a token that was spent.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=SessionKind)
    session_key = models.CharField(max_length=40, unique=True, null=True, editable=False)
    refresh_digest = models.CharField(max_length=64, blank=True, editable=False)
    provider = models.CharField(_("signed in by"), max_length=64, blank=True)
    methods = models.JSONField(_("proved by"), default=list)
    address = models.CharField(_("address"), max_length=64, blank=True)
    user_agent = models.CharField(_("device"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("signed in"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    expires_at = models.DateTimeField(_("runs out"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    end_reason = models.CharField(max_length=40, blank=True)

    objects = UserSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-last_seen_at"]
        indexes = [
            models.Index(fields=["user", "ended_at", "expires_at"], name="session_of_user"),
            models.Index(fields=["expires_at"], name="session_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} session of {self.user_id}"

    @property
    def is_alive(self) -> bool:
        """Whether it still lets somebody in."""
        return self.ended_at is None and self.expires_at > timezone.now()
