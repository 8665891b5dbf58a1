"""A toolkit as installed: what people see and enable."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class ToolkitQuerySet(models.QuerySet["Toolkit"]):
    """Toolkits, by whether they can be used."""

    def installed(self) -> ToolkitQuerySet:
        """Toolkits that have an active version and were not removed."""
        return self.filter(removed_at=None, active_version__isnull=False)

    def usable(self) -> ToolkitQuerySet:
        """Installed toolkits that are enabled."""
        return self.installed().filter(enabled=True)

    def holding(self, query: str) -> ToolkitQuerySet:
        """Toolkits that hold every word of ``query``, wherever it stands."""
        found = self
        for word in query.casefold().split()[:8]:
            found = found.filter(words__contains=word)
        return found

    def with_cards(self) -> ToolkitQuerySet:
        """Toolkits whose active version has cards."""
        return self.filter(active_version__description__cards__0__isnull=False)

    def light(self) -> ToolkitQuerySet:
        """Without what versions say of their code, which is large: for lists of names."""
        return self.defer("active_version__description")


class Toolkit(models.Model):
    """One toolkit. Which code it runs is ``active_version``: one column, switched atomically."""

    slug = models.SlugField(_("slug"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("description"), max_length=300, blank=True)
    icon = models.CharField(max_length=64, blank=True)
    categories = models.JSONField(_("categories"), default=list, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    enabled = models.BooleanField(_("enabled"), default=False)
    bundled = models.BooleanField(_("bundled"), default=False, editable=False)
    active_version = models.ForeignKey(
        "toolkits.ToolkitVersion",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("active version"),
    )
    installed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    installed_at = models.DateTimeField(_("installed"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    removal = models.JSONField(default=dict, blank=True, editable=False)
    pinned = models.BooleanField(_("do not update"), default=False)
    consented = models.JSONField(default=list, blank=True, editable=False)
    # What a search looks through; the default of the database is for the version before.
    words = models.TextField(default="", db_default="", blank=True, editable=False)

    objects = ToolkitQuerySet.as_manager()

    class Meta:
        verbose_name = _("toolkit")
        verbose_name_plural = _("toolkits")
        ordering = ["name"]
        permissions = [
            ("use_toolkit", "Can run operations of enabled toolkits"),
            ("configure_toolkit", "Can edit settings of toolkits"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the words of the version that is active."""
        self.words = self.search_words()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("toolkit-detail", args=[self.slug])

    def search_words(self) -> str:
        """Everything of it that a search by words looks through, in lower case."""
        operations = (f"{entry['name']} {entry['title']}" for entry in self.operations)
        texts = [self.name, self.slug, self.description, *self.categories, *self.tags, *operations]
        return " ".join(map(str, texts)).casefold()

    @property
    def description_of_code(self) -> dict[str, Any]:
        """What the active version said that it can do; empty without one."""
        return self.active_version.description if self.active_version else {}

    def _named(self, kind: str, name: str) -> dict[str, Any] | None:
        entries: list[dict[str, Any]] = self.description_of_code.get(kind, [])
        return next((entry for entry in entries if entry["name"] == name), None)

    @property
    def operations(self) -> list[dict[str, Any]]:
        """Descriptions of the operations of the active version."""
        return list(self.description_of_code.get("operations", []))

    def operation(self, name: str) -> dict[str, Any] | None:
        """Return the description of one operation, or None."""
        return self._named("operations", name)

    @property
    def collections(self) -> list[dict[str, Any]]:
        """Descriptions of the collections of the active version."""
        return list(self.description_of_code.get("collections", []))

    def collection(self, name: str) -> dict[str, Any] | None:
        """Return the description of one collection, or None."""
        return self._named("collections", name)

    @property
    def cards(self) -> list[dict[str, Any]]:
        """Descriptions of the dashboard cards of the active version."""
        return list(self.description_of_code.get("cards", []))

    def card(self, name: str) -> dict[str, Any] | None:
        """Return the description of one card, or None."""
        return self._named("cards", name)

    @property
    def settings_schema(self) -> dict[str, Any] | None:
        """JSON Schema of the toolkit's settings, or None when it has none."""
        described = self.description_of_code.get("settings")
        return described["schema"] if described else None
