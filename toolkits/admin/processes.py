"""Which process runs which version of which toolkit."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis.exceptions import RedisError

from toolbox.admin.registry import AdminPage, register_page
from toolkits import processes
from toolkits.access import can_manage_toolkits
from toolkits.processes import Process


def page(request: HttpRequest) -> HttpResponse:
    """Show every process with the versions that it sees, has and runs."""
    wanted = processes.wanted()
    context: dict[str, Any] = {"unreachable": ""}
    try:
        found = processes.known()
    except RedisError as error:
        found, context["unreachable"] = [], type(error).__name__
    context |= {
        **admin.site.each_context(request),
        "title": _("Processes and versions"),
        "processes": [_row(one, wanted) for one in found],
        "count": len(wanted),
    }
    return TemplateResponse(request, "admin/toolkits/processes.html", context)


def _row(process: Process, wanted: dict[str, str]) -> dict[str, Any]:
    behind = sorted(
        slug for slug in {*wanted, *process.versions}
        if wanted.get(slug) != process.versions.get(slug)
    )  # fmt: skip
    return {
        "process": process,
        "behind": behind,
        "warm": [{"slug": slug, "version": version} for slug, version in process.warm],
    }


register_page(
    AdminPage(
        name="toolkits_processes",
        path="toolkits/processes/",
        view=page,
        title=gettext_lazy("Processes and versions"),
        hint=gettext_lazy("Which web, worker and scheduler process runs which version"),
        icon="versions",
        section="toolkits",
        order=95,
        allowed=can_manage_toolkits,
    )
)
