"""Events: a read-only list over a table that may hold millions, and the page of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from audit import reading
from audit.catalogue import CATALOGUE
from audit.filters import Filters
from audit.models import Event
from audit.templatetags.audit_ui import severity_tone
from toolbox.admin.base import ReadOnlyAdmin
from toolbox.admin.filters import AgeFilter

_PARTS = sorted({name.partition(".")[0] for name in CATALOGUE})


class PartFilter(SimpleListFilter):
    """By the first part of the name."""

    title = gettext_lazy("about")
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(part, part.replace("_", " ")) for part in _PARTS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(name__startswith=f"{self.value()}.") if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The trail. Looking at it is an event, here as everywhere."""

    icon = "shield-check"
    order = 10
    hint = gettext_lazy("Who did what, when, and from where")

    list_display = ("moment", "event", "actor", "target", "address", "sequence")
    list_display_links = ("event",)
    list_filter = ("severity", "outcome", PartFilter, AgeFilter)
    search_fields = ("pk",)
    search_help_text = gettext_lazy("Words of the event: names, addresses, ids, details")
    sortable_by = ()
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return Filters(q=search_term.strip()).apply(queryset), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if self.has_view_permission(request):
            reading.note_viewed(request.user, Filters.read(request.GET), "admin")
        return super().changelist_view(request, extra_context)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Event | None:
        event = super().get_object(request, object_id, from_field)
        if event is not None and self.has_view_permission(request, event):
            reading.note_viewed(request.user, Filters(), "admin", event)
        return event

    @admin.display(description=gettext_lazy("time"))
    def moment(self, event: Event) -> SafeString:
        exact = timezone.localtime(event.time).strftime("%Y-%m-%d %H:%M:%S")
        return format_html('<time datetime="{}">{}</time>', event.time.isoformat(), exact)

    @admin.display(description=gettext_lazy("event"))
    def event(self, event: Event) -> SafeString:
        return format_html(
            '<code>{}</code><span class="sub tone-{}">{}</span>',
            event.name, severity_tone(event.severity), event.get_severity_display(),
        )  # fmt: skip

    @admin.display(description=gettext_lazy("actor"))
    def actor(self, event: Event) -> str:
        name = event.actor_label or event.actor_type
        return f"{name} ({event.behalf_label})" if event.behalf_label else name

    @admin.display(description=gettext_lazy("target"))
    def target(self, event: Event) -> SafeString:
        return format_html(
            '{}<span class="sub">{}</span>', event.target_label or "–", event.target_type
        )
