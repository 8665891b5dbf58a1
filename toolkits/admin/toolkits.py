"""Toolkits: the list, enabling and disabling, and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.access import scope
from toolbox.admin.base import ReadOnlyAdmin
from toolkits import installs, lifecycle
from toolkits.access import (
    can_configure,
    can_install_toolkits,
    can_manage_toolkits,
    visible_jobs,
    visible_toolkits,
)
from toolkits.bundles import permissions
from toolkits.catalogs import offers
from toolkits.errors import NotUsable
from toolkits.models import Toolkit
from toolkits.templatetags import toolbox_ui as ui

_RECENT_JOBS = 8
_VERSIONS = 50


@admin.register(Toolkit)
class ToolkitAdmin(ReadOnlyAdmin):
    """Toolkits that the user may see. Installing is the upload page's; nothing is edited here."""

    icon = "tools"
    order = 10
    hint = gettext_lazy("Install, update, enable and disable toolkits")

    list_display = ("label", "version", "status", "operations_count", "origin", "updated")
    list_display_links = ("label",)
    list_filter = ("enabled", "bundled")
    search_fields = ("name", "slug", "description")
    search_help_text = gettext_lazy("Name, identifier or description")
    sortable_by = ()
    actions = ("enable", "disable", "update")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Toolkit]:
        return visible_toolkits(request.user).order_by("name")

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Who may enable and disable some toolkit: what Django asks for such actions."""
        return bool(scope(request.user, "toolkits.change_toolkit"))

    @admin.display(description=gettext_lazy("toolkit"))
    def label(self, toolkit: Toolkit) -> SafeString:
        return format_html('{}<span class="sub"><code>{}</code></span>', toolkit.name, toolkit.slug)

    @admin.display(description=gettext_lazy("version"))
    def version(self, toolkit: Toolkit) -> str:
        return toolkit.active_version.version if toolkit.active_version else "–"

    @admin.display(description=gettext_lazy("state"))
    def status(self, toolkit: Toolkit) -> SafeString:
        if toolkit.enabled:
            return ui.state_badge("ok", _("enabled"))
        return ui.state_badge("unknown", _("disabled"))

    @admin.display(description=gettext_lazy("operations"))
    def operations_count(self, toolkit: Toolkit) -> int:
        return len(toolkit.operations)

    @admin.display(description=gettext_lazy("origin"))
    def origin(self, toolkit: Toolkit) -> str:
        return _("bundled") if toolkit.bundled else _("installed")

    @admin.display(description=gettext_lazy("updated"))
    def updated(self, toolkit: Toolkit) -> SafeString:
        return ui.ago(toolkit.updated_at)

    @admin.action(description=gettext_lazy("Enable"), permissions=["manage"])
    def enable(self, request: HttpRequest, toolkits: QuerySet[Toolkit]) -> None:
        self._switch(request, list(toolkits), on=True)

    @admin.action(description=gettext_lazy("Disable"), permissions=["manage"])
    def disable(self, request: HttpRequest, toolkits: QuerySet[Toolkit]) -> None:
        self._switch(request, list(toolkits), on=False)

    @admin.action(
        description=gettext_lazy("Update from the catalogs"), permissions=["manage"]
    )
    def update(self, request: HttpRequest, toolkits: QuerySet[Toolkit]) -> None:
        """Begin an update of each that has one, is not held back and may be managed."""
        newer = offers.newest_updates()
        chosen = [
            newer[toolkit.slug]
            for toolkit in toolkits
            if toolkit.slug in newer and can_manage_toolkits(request.user, toolkit)
        ]
        begun = installs.begin_updates(chosen, user=request.user, via="admin")
        if begun:
            text = ngettext("%d update has begun.", "%d updates have begun.", begun) % begun
            self.message_user(request, text, messages.SUCCESS)
        else:
            text = _("None of these has an update that is not held back.")
            self.message_user(request, text, messages.WARNING)

    def _switch(self, request: HttpRequest, toolkits: list[Toolkit], *, on: bool) -> None:
        done = 0
        for toolkit in toolkits:
            if not can_manage_toolkits(request.user, toolkit):
                text = _("You may not manage %(name)s.") % {"name": toolkit}
                self.message_user(request, text, messages.WARNING)
                continue
            try:
                (lifecycle.enable if on else lifecycle.disable)(toolkit, request.user)
                done += 1
            except NotUsable as error:
                self.message_user(request, str(error), messages.WARNING)
        if done and on:
            text = ngettext("%d toolkit is enabled.", "%d toolkits are enabled.", done) % done
            self.message_user(request, text, messages.SUCCESS)
        elif done:
            text = ngettext("%d toolkit is disabled.", "%d toolkits are disabled.", done) % done
            self.message_user(request, text, messages.SUCCESS)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        extra = {"can_install": can_install_toolkits(request.user), **(extra_context or {})}
        return super().changelist_view(request, extra)  # type: ignore[return-value]

    def get_urls(self) -> list[URLPattern]:
        switch = self.admin_site.admin_view(require_POST(self.switch_view))
        own = [
            path("<int:pk>/enable/", switch, {"on": True}, name="toolkits_toolkit_enable"),
            path("<int:pk>/disable/", switch, {"on": False}, name="toolkits_toolkit_disable"),
        ]
        return own + super().get_urls()

    def switch_view(self, request: HttpRequest, pk: int, on: bool) -> HttpResponse:
        """Enable or disable one toolkit, from its page."""
        toolkit = self.get_queryset(request).filter(pk=pk).first()
        if toolkit is None or not can_manage_toolkits(request.user, toolkit):
            raise Http404
        self._switch(request, [toolkit], on=on)
        return HttpResponseRedirect(reverse("admin:toolkits_toolkit_change", args=[pk]))

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Toolkit | None = None,
    ) -> TemplateResponse:
        if obj is not None:
            versions = obj.versions.select_related("installed_by").defer("description", "manifest")
            jobs = visible_jobs(request.user).filter(toolkit=obj).select_related("requested_by")
            context |= {
                "toolkit": obj,
                "can_manage": can_manage_toolkits(request.user, obj),
                "can_install": can_install_toolkits(request.user),
                "can_configure": bool(obj.settings_schema) and can_configure(request.user, obj),
                "asks": permissions.told(obj.active_version.manifest if obj.active_version else {}),
                "rest": permissions.rest(),
                "versions": versions[:_VERSIONS],
                "jobs": jobs.defer("inputs", "result", "error")[:_RECENT_JOBS],
                "cards": obj.card_states.order_by("name"),
            }
        return super().render_change_form(request, context, add, change, form_url, obj)  # type: ignore[return-value]
