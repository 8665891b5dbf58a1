"""Jobs: a read-only list over a table that may hold millions, and the page of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from toolbox.admin.base import ReadOnlyAdmin
from toolbox.admin.filters import AgeFilter
from toolkits.access import visible_jobs, visible_toolkits
from toolkits.jobs import job_secrets
from toolkits.models import Job
from toolkits.templatetags import toolbox_ui as ui

_HEAVY = ("inputs", "result", "error")


class ToolkitFilter(SimpleListFilter):
    """By toolkit, of those that the user sees."""

    title = gettext_lazy("toolkit")
    parameter_name = "toolkit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return visible_toolkits(request.user).order_by("name").values_list("slug", "name")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(toolkit_slug=self.value()) if self.value() else queryset


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs that the user may see. What can be done with one is done on its console page."""

    icon = "activity"
    order = 30
    hint = gettext_lazy("Every run that was requested, and how it ended")

    list_display = ("status", "label", "requester", "requested", "took", "attempt")
    list_display_links = ("label",)
    list_filter = ("state", ToolkitFilter, AgeFilter, "requested_via")
    list_select_related = ("requested_by",)
    search_fields = ("pk",)
    search_help_text = gettext_lazy("Job id, toolkit, or toolkit.operation")
    sortable_by = ()
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        jobs = visible_jobs(request.user)
        if request.resolver_match and request.resolver_match.url_name == "toolkits_job_changelist":
            return jobs.defer(*_HEAVY)
        return jobs.select_related("requested_by", "toolkit", "cancel_requested_by")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By what has an index: the id, the toolkit, the toolkit and operation."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(pk=UUID(term)), False
        except ValueError:
            slug, dot, operation = term.partition(".")
            found = queryset.filter(toolkit_slug=slug)
            return (found.filter(operation=operation) if dot else found), False

    @admin.display(description=gettext_lazy("state"))
    def status(self, job: Job) -> SafeString:
        return ui.state_badge(job.state)

    @admin.display(description=gettext_lazy("job"))
    def label(self, job: Job) -> SafeString:
        reason = f" · {job.reason[:80]}" if job.reason else ""
        return format_html(
            '{}<span class="sub"><code>{}.{}</code> {}{}</span>',
            job.title or job.operation, job.toolkit_slug, job.operation, job.version_label, reason,
        )  # fmt: skip

    @admin.display(description=gettext_lazy("by"))
    def requester(self, job: Job) -> str:
        return str(job.requested_by or job.get_requested_via_display())

    @admin.display(description=gettext_lazy("requested"))
    def requested(self, job: Job) -> SafeString:
        return ui.ago(job.created_at)

    @admin.display(description=gettext_lazy("duration"))
    def took(self, job: Job) -> str:
        return ui.duration(job.duration)

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Job | None = None,
    ) -> TemplateResponse:
        if obj is not None:
            context |= {
                "job": obj,
                "inputs": job_secrets.public(obj.inputs),
                "attempts": obj.attempts.all(),
                "artifacts": obj.artifacts.order_by("name"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)  # type: ignore[return-value]
