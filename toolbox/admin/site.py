"""The admin's site: the console's sign-in, its navigation, and pages besides models."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from toolbox.admin import navigation, registry
from toolbox.admin.base import ToolboxModelAdmin

# The password is changed in the console, and the redirect by content type would tell which
# objects exist to people who may not see them.
_DROPPED = frozenset({"password_change_done", "view_on_site", "app_list"})


class ToolboxAdminSite(AdminSite):
    """Lets curators and system administrators in, by the console's own sign-in."""

    site_header = "SRE Toolbox"
    site_title = "SRE Toolbox"
    index_title = _("Administration")
    enable_nav_sidebar = False
    empty_value_display = "–"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # Deleting rows in bulk would pass by the services that keep the audit trail.
        self.disable_action("delete_selected")

    def register(
        self, model_or_iterable: Any, admin_class: Any = None, **options: Any
    ) -> None:
        """Take only admins made for this site. What libraries bring is left out: it would
        pass by the services and the audit trail, and show tokens."""
        if admin_class is not None and issubclass(admin_class, ToolboxModelAdmin):
            super().register(model_or_iterable, admin_class, **options)
        elif not _of_library(admin_class):
            raise ImproperlyConfigured(f"{admin_class} must derive from ToolboxModelAdmin")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guard a view: strangers sign in first; who may not enter finds nothing here."""

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
            if not self.has_permission(request):
                raise Http404
            response: HttpResponseBase = guard(request, *args, **kwargs)
            return response

        guard = super().admin_view(view, cacheable)
        return guarded

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Registered pages come first, then Django's own addresses; the last takes the rest."""
        own: list[URLPattern | URLResolver] = [
            path(page.path, self.admin_view(_allowed(page)), name=page.name)
            for page in registry.pages()
        ]
        *stock, rest = super().get_urls()
        kept = [url for url in stock if getattr(url, "name", None) not in _DROPPED]
        app = path("<slug:app_label>/", self.admin_view(self.app_index), name="app_list")
        return [*own, *kept, app, rest]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Send people to the console's sign-in, and back to where they wanted to go."""
        index = reverse("admin:index", current_app=self.name)
        wanted = request.GET.get(REDIRECT_FIELD_NAME, "") or index
        if not url_has_allowed_host_and_scheme(
            wanted, {request.get_host()}, require_https=request.is_secure()
        ):
            wanted = index
        if request.user.is_authenticated:
            return HttpResponseRedirect(wanted if self.has_permission(request) else "/")
        return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Sign out where the console does."""
        return HttpResponseRedirect(resolve_url("logout"), preserve_request=True)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead to the account page, where passwords are changed."""
        try:
            return HttpResponseRedirect(reverse("account"))
        except NoReverseMatch:
            raise Http404 from None

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the admin's navigation to every page."""
        context = super().each_context(request)
        allowed = self.has_permission(request)
        return {
            **context,
            "admin_sections": navigation.sections(self, request) if allowed else [],
        }

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The first page: figures that tell how things stand, and every section."""
        extra = {"glances": registry.glances(request), **(extra_context or {})}
        return super().index(request, extra)


def _of_library(admin_class: Any) -> bool:
    file = getattr(sys.modules.get(getattr(admin_class, "__module__", "")), "__file__", "")
    return "site-packages" in Path(file or "").parts


def _allowed(page: registry.AdminPage) -> Callable[..., HttpResponseBase]:
    @wraps(page.view)
    @never_cache
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not page.allowed(request.user):
            raise Http404
        return page.view(request, *args, **kwargs)

    return view
