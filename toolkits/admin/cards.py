"""Dashboard cards: what they showed last, and why one fails."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolbox.admin.base import ReadOnlyAdmin
from toolkits.access import can_manage_toolkits, visible_toolkits
from toolkits.admin.boxes import json_box
from toolkits.models import CardState
from toolkits.templatetags import toolbox_ui as ui


@admin.register(CardState)
class CardAdmin(ReadOnlyAdmin):
    """Cards of the toolkits that the user manages."""

    icon = "layout-dashboard"
    order = 70
    hint = gettext_lazy("When each dashboard card was refreshed, and what went wrong")

    list_display = ("label", "status", "refreshed", "due", "problem")
    list_display_links = ("label",)
    list_select_related = ("toolkit",)
    search_fields = ("name", "toolkit__slug", "toolkit__name")
    sortable_by = ()
    ordering = ("toolkit__name", "name")
    fields = ("toolkit", "name", "status", "refreshed_at", "next_refresh_at", "problem", "content")
    readonly_fields = ("status", "problem", "content")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CardState]:
        cards = CardState.objects.filter(toolkit__in=visible_toolkits(request.user))
        return cards.select_related("toolkit")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can_manage_toolkits(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can_manage_toolkits(request.user)

    @admin.display(description=gettext_lazy("card"))
    def label(self, card: CardState) -> SafeString:
        slug = card.toolkit.slug
        return format_html('{}<span class="sub"><code>{}</code></span>', card.name, slug)

    @admin.display(description=gettext_lazy("state"))
    def status(self, card: CardState) -> SafeString:
        if card.error:
            return ui.state_badge("critical", _("failing"))
        if card.refreshed_at is None:
            return ui.state_badge("unknown", _("not refreshed yet"))
        return ui.state_badge("ok", _("fresh"))

    @admin.display(description=gettext_lazy("refreshed"))
    def refreshed(self, card: CardState) -> SafeString:
        return ui.ago(card.refreshed_at)

    @admin.display(description=gettext_lazy("next"))
    def due(self, card: CardState) -> SafeString:
        return ui.ago(card.next_refresh_at)

    @admin.display(description=gettext_lazy("problem"))
    def problem(self, card: CardState) -> str:
        return card.error or "–"

    @admin.display(description=gettext_lazy("content"))
    def content(self, card: CardState) -> SafeString:
        return json_box(card.view)
