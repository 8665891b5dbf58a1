"""Catalogs: lists of toolkits that can be installed, as fetched from their sites."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Catalog(models.Model):
    """One catalog and what it held when it was last fetched. Stale beats empty: a catalog that
    is away keeps its entries and says why."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    url = models.CharField(_("address"), max_length=500, unique=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    from_settings = models.BooleanField(_("from TOOLKIT_CATALOG_URL"), default=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    added_at = models.DateTimeField(_("added"), auto_now_add=True)
    fetched_at = models.DateTimeField(_("fetched"), null=True, editable=False)
    tried_at = models.DateTimeField(_("tried"), null=True, editable=False)
    error = models.CharField(_("error"), max_length=500, blank=True, editable=False)
    entries = models.JSONField(default=list, editable=False)

    class Meta:
        verbose_name = _("catalog")
        verbose_name_plural = _("catalogs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
