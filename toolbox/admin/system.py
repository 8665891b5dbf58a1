"""The system information page, and the support bundle."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from toolbox import events
from toolbox.admin import registry
from toolbox.admin.registry import AdminPage, register_page
from toolbox.health.checks import run_checks
from toolbox.system import bundle, facts, recent
from toolbox.system.masking import Scrubber

_SHOWN_WARNINGS = 20


def _allowed(user: Any) -> bool:
    return bool(user.has_perm("toolkits.view_system"))


def system(request: HttpRequest) -> HttpResponse:
    """How the platform stands. It asks every dependency now, which takes a moment."""
    checks = run_checks()
    scrub = Scrubber()
    warnings = recent.recent()[:_SHOWN_WARNINGS]
    context = {
        **admin.site.each_context(request),
        "title": _("System information"),
        "checks": checks,
        "all_well": all(check.ok for check in checks),
        "versions": facts.versions(),
        "settings": facts.configuration(),
        "disks": facts.disks(),
        "counts": facts.counts(),
        "warnings": [{**entry, "message": scrub(entry["message"])} for entry in warnings],
    }
    return TemplateResponse(request, "admin/system.html", context)


@require_POST
def support_bundle(request: HttpRequest) -> HttpResponse:
    """Download the support bundle. That it was taken is recorded."""
    made = bundle.build(registry.parts())
    with transaction.atomic():
        events.emit("support.bundle_made", actor=request.user)
    name = f"sre-toolbox-support-{timezone.now():%Y%m%d-%H%M%S}.zip"
    return HttpResponse(
        made,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


register_page(
    AdminPage(
        name="system",
        path="system/",
        view=system,
        title=gettext_lazy("System information"),
        hint=gettext_lazy("Health, versions, disk, configuration, and the support bundle"),
        icon="stethoscope",
        allowed=_allowed,
    )
)
register_page(
    AdminPage(
        name="support-bundle",
        path="system/support-bundle/",
        view=support_bundle,
        title=gettext_lazy("Support bundle"),
        allowed=_allowed,
        listed=False,
    )
)
