"""How long events are kept, and legal holds: what an administrator decides about the trail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy, ngettext

from audit import holds, retention
from audit.models import LegalHold, RetentionRule
from toolbox.admin.base import ToolboxModelAdmin


@admin.register(RetentionRule)
class RetentionRuleAdmin(ToolboxModelAdmin):
    """The one rule; without it the setting AUDIT_LOG_RETENTION_DAYS holds."""

    icon = "hourglass"
    order = 60
    hint = gettext_lazy("How many days events are kept")

    list_display = ("days",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        if not super().has_add_permission(request):
            return False
        if not hasattr(request, "_has_retention_rule"):
            # The navigation of every page of the admin asks, more than once.
            request._has_retention_rule = RetentionRule.objects.exists()  # type: ignore[attr-defined]
        return not request._has_retention_rule  # type: ignore[attr-defined]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        return {"days": retention.days()}

    def save_model(self, request: HttpRequest, obj: RetentionRule, form: Any, change: bool) -> None:
        retention.set_days(obj.days, request.user)


@admin.register(LegalHold)
class LegalHoldAdmin(ToolboxModelAdmin):
    """Holds are placed and released, never edited: what was held when must stay plain."""

    icon = "lock"
    order = 70
    hint = gettext_lazy("Events that must not be deleted")

    list_display = ("reason", "covers", "placed_at", "placed_by", "released_at", "released_by")
    list_select_related = ("placed_by", "released_by")
    list_filter = (("released_at", admin.EmptyFieldListFilter),)
    fields = ("reason", "actor", "event", "target_type", "target_id", "since", "until")
    actions = ("release",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        placed = ("placed_at", "placed_by", "released_at", "released_by")
        return (*self.fields, *placed) if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj) or self.fields

    def save_model(self, request: HttpRequest, obj: LegalHold, form: Any, change: bool) -> None:
        if not change:
            holds.place(obj, request.user)

    @admin.display(description=gettext_lazy("covers"))
    def covers(self, hold: LegalHold) -> str:
        return holds.describe(hold) or gettext("everything")

    @admin.action(description=gettext_lazy("Release the chosen holds"), permissions=["change"])
    def release(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> None:
        count = sum(holds.release(hold, request.user) for hold in queryset)
        text = ngettext("%(n)d hold was released.", "%(n)d holds were released.", count)
        messages.success(request, text % {"n": count})
