"""Catalogs of toolkits, which system administrators keep."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from toolbox.admin.base import ToolboxModelAdmin
from toolbox.events import emit
from toolkits.catalogs import refresh
from toolkits.models import Catalog


@admin.register(Catalog)
class CatalogAdmin(ToolboxModelAdmin):
    """Catalogs. Those of ``TOOLKIT_CATALOG_URL`` can be switched off here, not changed."""
    icon = "book-2"
    section = "toolkits"
    order = 90
    hint = gettext_lazy("Where toolkits can be installed and updated from")
    list_display = ("name", "url", "enabled", "fetched_at", "error")
    fields = ("name", "url", "enabled", "from_settings", "fetched_at", "tried_at", "error")
    readonly_fields = ("from_settings", "fetched_at", "tried_at", "error")
    actions = ("fetch_now",)

    def get_readonly_fields(self, request: HttpRequest, obj: Catalog | None = None) -> Any:
        kept = super().get_readonly_fields(request, obj)
        return (*kept, "name", "url") if obj and obj.from_settings else kept

    def save_model(self, request: HttpRequest, obj: Catalog, form: Any, change: bool) -> None:
        with transaction.atomic():
            if not change:
                obj.added_by = request.user  # type: ignore[assignment]
            elif "url" in form.changed_data:
                # What the old address offered is nothing that the new one offers.
                obj.entries, obj.error, obj.fetched_at = [], "", None
            super().save_model(request, obj, form, change)
            fields = {"fields": sorted(form.changed_data)} if change else None
            name = "catalog.changed" if change else "catalog.created"
            emit(name, actor=request.user, target=obj, changes=fields)
            refresh.ask(Catalog.objects.filter(pk=obj.pk))

    @admin.action(description=gettext_lazy("Fetch now"), permissions=["change"])
    def fetch_now(self, request: HttpRequest, queryset: QuerySet[Catalog]) -> None:
        """Have a worker fetch what is ticked, without waiting for its hour."""
        with transaction.atomic():
            for catalog in queryset:
                emit("catalog.fetch_asked", actor=request.user, target=catalog)
            asked = refresh.ask(queryset)
        text = ngettext(
            "%(n)d catalog is being fetched.", "%(n)d catalogs are being fetched.", asked
        )
        self.message_user(request, text % {"n": asked})

    def delete_model(self, request: HttpRequest, obj: Catalog) -> None:
        with transaction.atomic():
            emit("catalog.removed", actor=request.user, target=obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Catalog]) -> None:
        for found in queryset:
            self.delete_model(request, found)
