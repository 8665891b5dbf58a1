"""Records of collections, read-only: they are edited in the console, where their schema is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from toolbox.admin.base import ReadOnlyAdmin
from toolkits import vaulted
from toolkits.access import can_manage_toolkits, visible_toolkits
from toolkits.admin.boxes import json_box
from toolkits.admin.jobs import ToolkitFilter
from toolkits.models import Record
from toolkits.pages import choices
from toolkits.templatetags import toolbox_ui as ui


class RecordToolkitFilter(ToolkitFilter):
    """By toolkit, for records."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(toolkit__slug=self.value()) if self.value() else queryset


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    """Records of the toolkits that the user manages. Secrets are masked."""

    icon = "database"
    order = 60
    hint = gettext_lazy("What toolkits keep in their collections")

    list_display = ("label", "collection", "changes", "changed", "changed_by")
    list_display_links = ("label",)
    list_filter = (RecordToolkitFilter,)
    search_fields = ("collection",)
    search_help_text = gettext_lazy("Collection")
    sortable_by = ()
    ordering = ("-id",)
    fields = (
        "toolkit", "collection", "content", "version", "created_at", "updated_at", "updated_by",
    )  # fmt: skip
    readonly_fields = ("content",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        records = Record.objects.filter(toolkit__in=visible_toolkits(request.user))
        return records.select_related("toolkit__active_version", "updated_by")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can_manage_toolkits(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_manage_toolkits(request.user)

    @admin.display(description=gettext_lazy("record"))
    def label(self, record: Record) -> SafeString:
        described = record.toolkit.collection(record.collection) or {}
        name = choices.label_of(record.data, set(described.get("secret_fields", [])))
        return format_html(
            '{}<span class="sub">{} <code>{}</code></span>',
            name or record.collection, record.toolkit.name, record.pk,
        )  # fmt: skip

    @admin.display(description=gettext_lazy("version"))
    def changes(self, record: Record) -> int:
        return record.version

    @admin.display(description=gettext_lazy("updated"))
    def changed(self, record: Record) -> SafeString:
        return ui.ago(record.updated_at)

    @admin.display(description=gettext_lazy("by"))
    def changed_by(self, record: Record) -> str:
        return str(record.updated_by or "–")

    @admin.display(description=gettext_lazy("content"))
    def content(self, record: Record) -> SafeString:
        described = record.toolkit.collection(record.collection) or {}
        return json_box(vaulted.public(described.get("secret_fields", []), record.data))
