"""Schedules, read-only: when they run next, and why one does not."""

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
from toolkits.access import visible_schedules
from toolkits.admin.boxes import json_box
from toolkits.admin.records import RecordToolkitFilter
from toolkits.models import Schedule, ScheduleKind
from toolkits.pages.formats import duration_text
from toolkits.templatetags import toolbox_ui as ui


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    """Schedules that the user may see."""

    icon = "calendar-time"
    order = 35
    hint = gettext_lazy("What runs by itself, when it is due, and what keeps it from running")

    list_display = ("label", "status", "timing", "next", "last", "owner")
    list_display_links = ("label",)
    list_filter = (RecordToolkitFilter, "kind")
    list_select_related = ("toolkit", "owner")
    search_fields = ("name", "operation")
    search_help_text = gettext_lazy("Name or operation")
    sortable_by = ()
    ordering = ("name", "id")
    fields = (
        "name", "toolkit", "operation", "status", "problem_text", "timing", "time_zone",
        "next", "last", "overlap", "missed", "jitter_seconds", "timeout_seconds", "dry_run",
        "content", "owner", "created_by", "created_at", "paused_by",
    )  # fmt: skip
    readonly_fields = ("status", "problem_text", "timing", "next", "last", "content")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        return visible_schedules(request.user).select_related(
            "toolkit", "owner", "created_by", "paused_by"
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(map(request.user.has_perm, ("toolkits.view_schedule", "toolkits.view_all_jobs")))

    @admin.display(description=gettext_lazy("schedule"))
    def label(self, schedule: Schedule) -> SafeString:
        return format_html(
            '{}<span class="sub"><code>{}.{}</code></span>',
            schedule.name, schedule.toolkit.slug, schedule.operation,
        )  # fmt: skip

    @admin.display(description=gettext_lazy("state"))
    def status(self, schedule: Schedule) -> SafeString:
        if schedule.problem:
            return ui.state_badge("critical", _("does not run"))
        if schedule.is_paused:
            return ui.state_badge("warning", _("paused"))
        if schedule.next_run_at is None:
            return ui.state_badge("unknown", _("over"))
        return ui.state_badge("ok", _("active"))

    @admin.display(description=gettext_lazy("problem"))
    def problem_text(self, schedule: Schedule) -> str:
        return schedule.problem or "–"

    @admin.display(description=gettext_lazy("when"))
    def timing(self, schedule: Schedule) -> SafeString:
        if schedule.kind == ScheduleKind.CRON:
            return format_html("<code>{}</code> {}", schedule.cron, schedule.time_zone)
        if schedule.kind == ScheduleKind.INTERVAL:
            every = duration_text(schedule.interval_seconds or 0)
            return format_html("{}", _("every %(time)s") % {"time": every})
        return ui.exact_time(schedule.run_at)

    @admin.display(description=gettext_lazy("next run"))
    def next(self, schedule: Schedule) -> SafeString:
        return ui.ago(None if schedule.is_paused else schedule.next_run_at)

    @admin.display(description=gettext_lazy("last run"))
    def last(self, schedule: Schedule) -> SafeString:
        return ui.ago(schedule.last_run_at)

    @admin.display(description=gettext_lazy("inputs"))
    def content(self, schedule: Schedule) -> SafeString:
        return json_box(schedule.inputs)

