"""Catalogs of toolkits and keys that are trusted: kept by system administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from toolbox.admin.base import ToolboxModelAdmin
from toolbox.events import emit
from toolkits.models import Catalog, TrustedKey


class _Recorded(ToolboxModelAdmin):
    """Emits an event for each change, in its transaction. ``kind`` begins the events' names."""

    kind = ""
    added, changed, removed = "created", "changed", "removed"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            if not change:
                obj.added_by = request.user
            super().save_model(request, obj, form, change)
            word = self.changed if change else self.added
            fields = {"fields": sorted(form.changed_data)} if change else None
            emit(f"{self.kind}.{word}", actor=request.user, target=obj, changes=fields)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            emit(f"{self.kind}.{self.removed}", actor=request.user, target=obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for found in queryset:
            self.delete_model(request, found)


@admin.register(Catalog)
class CatalogAdmin(_Recorded):
    """Catalogs. Those of ``TOOLKIT_CATALOG_URL`` can be switched off here, not changed."""

    kind = "catalog"
    icon = "book-2"
    section = "toolkits"
    order = 90
    hint = gettext_lazy("Where toolkits can be installed and updated from")
    list_display = ("name", "url", "enabled", "fetched_at", "error")
    fields = ("name", "url", "enabled", "from_settings", "fetched_at", "tried_at", "error")
    readonly_fields = ("from_settings", "fetched_at", "tried_at", "error")

    def get_readonly_fields(self, request: HttpRequest, obj: Catalog | None = None) -> Any:
        kept = super().get_readonly_fields(request, obj)
        return (*kept, "name", "url") if obj and obj.from_settings else kept


@admin.register(TrustedKey)
class TrustedKeyAdmin(_Recorded):
    """Keys. One that is removed no longer starts a runner where signatures are required."""

    kind = "trusted_key"
    added = "added"
    icon = "key"
    section = "toolkits"
    order = 91
    hint = gettext_lazy("Whose signatures on toolkits are trusted")
    list_display = ("name", "public_key", "added_by", "added_at")
    fields = ("name", "public_key")
    list_select_related = ("added_by",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
