"""The maintenance switch of the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolbox.admin.registry import AdminPage, register_page
from toolkits import maintenance


def _allowed(user: Any) -> bool:
    return bool(user.is_system_admin)


def switch(request: HttpRequest) -> HttpResponse:
    """Close the platform for everybody but administrators, or open it again."""
    if request.method == "POST":
        if "end" in request.POST:
            maintenance.end(request.user)
            messages.success(request, _("The platform is open again."))
        else:
            maintenance.begin(request.user, request.POST.get("message", ""))
            messages.warning(request, _("The platform is closed for everybody else."))
        return redirect("admin:maintenance")
    maintenance.forget()
    context = {
        **admin.site.each_context(request),
        "title": _("Maintenance"),
        "maintenance": maintenance.present(),
    }
    return TemplateResponse(request, "admin/maintenance.html", context)


register_page(
    AdminPage(
        name="maintenance",
        path="maintenance/",
        view=switch,
        title=gettext_lazy("Maintenance"),
        hint=gettext_lazy("Close the platform for everybody but administrators"),
        icon="traffic-cone",
        allowed=_allowed,
    )
)
