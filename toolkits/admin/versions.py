"""Going back to a kept version, deleting one, pinning, and removing a toolkit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from toolbox.admin.registry import AdminPage, Text, register_page
from toolbox.problems import Problem
from toolbox.secrets import SecretsError
from toolkits import lifecycle
from toolkits.access import can_manage_toolkits, visible_toolkits
from toolkits.models import Record, Toolkit, ToolkitVersion

_DATA: dict[str, Text] = {
    "records": gettext_lazy("Records of its collections"),
    "settings": gettext_lazy("Settings"),
    "state": gettext_lazy("What its code remembers"),
    "secrets": gettext_lazy("Its secrets in Vault"),
    "jobs": gettext_lazy("Jobs, with their logs and results"),
    "versions": gettext_lazy("Its versions, with their files: none to go back to"),
}


def _find(request: HttpRequest, pk: int) -> Toolkit:
    toolkit = visible_toolkits(request.user).filter(pk=pk).first()
    if toolkit is None or not can_manage_toolkits(request.user, toolkit):
        raise Http404
    return toolkit


def _version(toolkit: Toolkit, version_pk: int) -> ToolkitVersion:
    version = toolkit.versions.filter(pk=version_pk).first()
    if version is None:
        raise Http404
    version.toolkit = toolkit
    return version


def _back(toolkit: Toolkit) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:toolkits_toolkit_change", args=[toolkit.pk]))


def _do(request: HttpRequest, act: Callable[[], Any], done: str) -> None:
    """Do it and say so, or say why it is refused."""
    try:
        act()
    except (Problem, SecretsError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)


@require_POST
def rollback(request: HttpRequest, pk: int, version_pk: int) -> HttpResponse:
    """Make a kept version the active one again."""
    toolkit = _find(request, pk)
    version = _version(toolkit, version_pk)
    done = _("%(version)s is active again.") % {"version": version.version}
    _do(
        request,
        lambda: lifecycle.rollback(toolkit, request.user, version=version, via="admin"),
        done,
    )
    return _back(toolkit)


@require_POST
def remove_version(request: HttpRequest, pk: int, version_pk: int) -> HttpResponse:
    """Delete a kept version with its files."""
    toolkit = _find(request, pk)
    version = _version(toolkit, version_pk)
    done = _("%(version)s is deleted.") % {"version": version.version}
    _do(request, lambda: lifecycle.remove_version(version, request.user), done)
    return _back(toolkit)


@require_POST
def pin(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch updates off or on: what the form asks for."""
    toolkit = _find(request, pk)
    pinned = request.POST.get("pinned") == "1"
    done = _("Updates are off.") if pinned else _("Updates are on.")
    _do(request, lambda: lifecycle.pin(toolkit, request.user, pinned=pinned), done)
    return _back(toolkit)


def uninstall(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what is to go with it, and for its identifier; then remove it."""
    toolkit = _find(request, pk)
    errors: list[str] = []
    purge = [kind for kind in request.POST.getlist("purge") if kind in _DATA]
    if request.method == "POST":
        if request.POST.get("confirm", "").strip() != toolkit.slug:
            errors = [_("Type %(slug)s to confirm.") % {"slug": toolkit.slug}]
        else:
            try:
                lifecycle.uninstall(toolkit, request.user, purge=purge, via="admin")
            except (Problem, SecretsError) as error:
                errors = [str(error)]
            else:
                messages.success(request, _("%(name)s is removed.") % {"name": toolkit})
                return HttpResponseRedirect(reverse("admin:toolkits_toolkit_changelist"))
    context = {
        **admin.site.each_context(request),
        "title": _("Remove %(name)s") % {"name": toolkit},
        "toolkit": toolkit,
        "kinds": [(kind, title, kind in purge) for kind, title in _DATA.items()],
        "records": Record.objects.filter(toolkit=toolkit)[:10_000].count(),
        "errors": errors,
    }
    status = 422 if errors else 200
    return TemplateResponse(request, "admin/toolkits/uninstall.html", context, status=status)


_PAGES: dict[str, tuple[str, Callable[..., HttpResponse], Text]] = {
    "rollback": ("versions/<int:version_pk>/rollback/", rollback, gettext_lazy("Go back")),
    "remove_version": ("versions/<int:version_pk>/remove/", remove_version, gettext_lazy("Delete")),
    "pin": ("pin/", pin, gettext_lazy("Pin")),
    "uninstall": ("uninstall/", uninstall, gettext_lazy("Remove")),
}
for _name, (_path, _view, _title) in _PAGES.items():
    register_page(
        AdminPage(
            name=f"toolkits_toolkit_{_name}",
            path=f"toolkits/toolkit/<int:pk>/{_path}",
            view=_view,
            title=_title,
            section="toolkits",
            # Whether it may be managed is asked for the toolkit at hand.
            allowed=lambda user: bool(user.is_staff),
            listed=False,
        )
    )
