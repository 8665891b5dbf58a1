"""The plan of an install: what it would change, and confirming exactly that."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toolbox.admin.registry import AdminPage, register_page
from toolbox.problems import Problem
from toolkits.access import can_confirm
from toolkits.bundles import permissions, planning
from toolkits.bundles.install import confirm
from toolkits.models import InstallPlan, PlanState

_KINDS = {
    "install": gettext_lazy("A new toolkit"),
    "update": gettext_lazy("An update"),
    "downgrade": gettext_lazy("A downgrade"),
    "restore": gettext_lazy("A removed toolkit comes back"),
    "same": gettext_lazy("It is installed and active already: nothing changes"),
}
_LISTED = {
    "operations": gettext_lazy("Operations"),
    "collections": gettext_lazy("Collections"),
    "cards": gettext_lazy("Cards"),
}


def plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Show what installing would change; confirm it or give it up."""
    found = InstallPlan.objects.select_related("base_version").filter(pk=plan_id).first()
    if found is None or not can_confirm(request.user, found):
        raise Http404
    if request.method != "POST":
        return _page(request, found)
    try:
        if "discard" in request.POST:
            planning.discard(found, request.user)
            messages.info(request, _("Nothing was installed."))
            return HttpResponseRedirect(reverse("admin:toolkits_toolkit_changelist"))
        digest, consent = request.POST.get("digest", ""), "consent" in request.POST
        version = confirm(found, request.user, digest=digest, consent=consent)
    except Problem as error:
        return _page(request, found, error)
    toolkit = version.toolkit
    text = _("%(name)s %(version)s is active.") % {"name": toolkit, "version": version.version}
    messages.success(request, text)
    return HttpResponseRedirect(reverse("admin:toolkits_toolkit_change", args=[toolkit.pk]))


def _page(request: HttpRequest, plan: InstallPlan, problem: Problem | None = None) -> HttpResponse:
    changes = plan.changes or {}
    context = {
        **admin.site.each_context(request),
        "title": _("Install %(name)s") % {"name": plan},
        "plan": plan,
        "problem": problem,
        "open": plan.state == PlanState.READY and plan.expires_at > timezone.now(),
        "kind": _KINDS.get(changes.get("kind", ""), ""),
        "changes": changes,
        "listed": [(title, changes.get(name) or {}) for name, title in _LISTED.items()],
        "asks": _asks(plan),
        "rest": permissions.rest(),
    }
    status = problem.http_status if problem else 200
    return TemplateResponse(request, "admin/toolkits/plan.html", context, status=status)


def _asks(plan: InstallPlan) -> list[dict[str, Any]]:
    """What it asks for, which of that is new, and whether the platform holds it to that."""
    wanted: dict[str, str] = (plan.changes or {}).get("permissions", {}).get("wanted", {})
    found = []
    for key, words in wanted.items():
        enforced, how = permissions.held(key)
        new = key in plan.needs_consent
        found.append({"words": words, "new": new, "enforced": enforced, "how": how})
    return sorted(found, key=lambda ask: not ask["new"])


register_page(
    AdminPage(
        name="toolkits_toolkit_plan",
        path="toolkits/toolkit/plan/<uuid:plan_id>/",
        view=plan,
        title=gettext_lazy("Plan of an install"),
        section="toolkits",
        # Which plans may be seen is asked for the one at hand.
        allowed=lambda user: bool(user.is_staff),
        listed=False,
    )
)
