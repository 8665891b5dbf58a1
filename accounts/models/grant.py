"""Roles narrowed to toolkits and operations."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import TOOLKIT_CURATOR, TOOLKIT_USER


class GrantRole(models.TextChoices):
    """The roles that can be given for one toolkit alone."""

    USER = TOOLKIT_USER, _("Use it")
    CURATOR = TOOLKIT_CURATOR, _("Look after it")


class Grant(models.Model):
    """``user`` has ``role`` for one toolkit, or for one operation of it, and nowhere else.

    Membership of the role's group gives it everywhere; a grant gives it narrowly. So taking
    a grant away takes rights away, never widens them. Toolkit and operation are named by
    text, because a grant may come before the toolkit and outlive it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="grants"
    )
    role = models.CharField(
        _("role"), max_length=50, choices=GrantRole, default=GrantRole.USER
    )
    toolkit_slug = models.SlugField(_("toolkit"), max_length=64)
    operation = models.CharField(
        _("operation"), max_length=100, blank=True, help_text=_("Empty: every operation.")
    )
    sees_jobs = models.BooleanField(
        _("sees everybody's jobs of it"), default=True,
        help_text=_("Otherwise own jobs alone."),
    )  # fmt: skip
    source = models.CharField(
        max_length=64, blank=True, editable=False,
        help_text=_("The sign-in provider whose groups gave it; empty when a person did."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["user", "toolkit_slug", "operation"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "toolkit_slug", "operation"],
                name="grant_unique",
                violation_error_message=_("This grant exists already."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in GrantRole]),
                name="grant_role_known",
            ),
        ]

    def __str__(self) -> str:
        place = f"{self.toolkit_slug}.{self.operation}" if self.operation else self.toolkit_slug
        return f"{self.role} for {place}"
