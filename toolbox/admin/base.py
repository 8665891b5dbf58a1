"""Base classes of every model's admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from toolbox import events
from toolbox.admin import times
from toolbox.admin.paging import BoundedPaginator
from toolbox.admin.registry import Text
from toolbox.admin.widgets import NativeDate, NativeDateTime, NativeTime

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _TabularInline = admin.TabularInline[Any, Any]
else:
    _ModelAdmin = admin.ModelAdmin
    _TabularInline = admin.TabularInline

_HISTORY_LENGTH = 200
_SCRIPTS = ("vendor/jquery/jquery.min.js", "jquery.init.js", "core.js")


class ToolboxModelAdmin(_ModelAdmin):
    """A model in the admin.

    ``icon``, ``hint`` and ``order`` (low comes first) are for the navigation; ``section``
    (toolkits, access, audit, system) is the app's own unless set. Lists count no more rows
    than ``BoundedPaginator`` does. The audit trail is the one history: Django's own log of
    changes is not written, and a change is made by a service that records its event.
    """

    icon = "table"
    hint: Text = ""
    section = ""
    order = 50

    list_per_page = 50
    # "Show all" would read a whole table.
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = BoundedPaginator
    formfield_overrides: ClassVar[Any] = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": NativeDateTime},
        models.DateField: {"widget": NativeDate},
        models.TimeField: {"widget": NativeTime},
    }

    @property
    def media(self) -> forms.Media:
        """Django's scripts for lists and related objects, without what nothing here uses."""
        names = [*_SCRIPTS, "admin/RelatedObjectLookups.js", "actions.js"]
        if self.prepopulated_fields:
            names += ["urlify.js", "prepopulate.js", "vendor/xregexp/xregexp.min.js"]
        return forms.Media(js=[f"admin/js/{name}" for name in names])

    def get_list_display(self, request: HttpRequest) -> Any:
        return times.columns(self.model, super().get_list_display(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # Labels as in the console: without a colon.
        context["adminform"].form.label_suffix = ""
        return super().render_change_form(request, context, *args, **kwargs)

    def view_on_site(self, obj: Any) -> str | None:
        """Where the console shows the object, if it does."""
        return obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Refuse an action that is there, but not for this person: Django would say that none
        was picked, and the trail nothing."""
        asked = request.POST.get("action", "")
        known = {item if isinstance(item, str) else item.__name__ for item in self.actions or ()}
        if asked in known and asked not in self.get_actions(request):
            raise PermissionDenied
        return super().changelist_view(request, extra_context)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        # Absent and forbidden look alike, here as everywhere.
        raise Http404

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail has it."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit trail has it."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """The audit trail has it."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit trail says of the object, newest first."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %s") % obj,
            "subtitle": None,
            "events": events.history(obj, _HISTORY_LENGTH),
            "most": _HISTORY_LENGTH,
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/object_history.html", context)


class ReadOnlyAdmin(ToolboxModelAdmin):
    """A model that the admin shows and never changes."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(_TabularInline):
    """Rows that belong to an object, shown and never changed."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
