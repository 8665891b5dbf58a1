"""The list of toolkits, and one toolkit."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from toolkits import access
from toolkits.models import Toolkit
from toolkits.models.job import JobKind
from toolkits.pages import bundle_docs
from toolkits.pages.guards import PageRequest, find_toolkit, page
from toolkits.pages.views.dashboard import cards_of
from toolkits.pages.views.jobs import HEAVY

_RECENT = 8


@require_safe
@page
def toolkit_list(request: PageRequest) -> HttpResponseBase:
    """Show the toolkits that the user sees, by name, narrowed by text and category."""
    every = list(access.visible_toolkits(request.user).order_by("name"))
    query = request.GET.get("q", "").strip()[:100]
    category = request.GET.get("category", "").strip()[:100]
    found = [one for one in every if _matches(one, query, category)]
    context = {
        "toolkits": [
            {"toolkit": one, "operations": access.usable_operations(request.user, one)}
            for one in found
        ],
        "can_manage": access.can_install_toolkits(request.user),
        "query": query,
        "category": category,
        "categories": sorted({name for one in every for name in one.categories}),
    }
    return render(request, "toolkits/list.html", context)


def _matches(toolkit: Toolkit, query: str, category: str) -> bool:
    if category and category not in toolkit.categories:
        return False
    text = " ".join([toolkit.name, toolkit.slug, toolkit.description, *map(str, toolkit.tags)])
    titles = (f"{entry['name']} {entry['title']}" for entry in toolkit.operations)
    text = " ".join([text, *titles]).casefold()
    return all(word in text for word in query.casefold().split())


@require_safe
@page
def toolkit_detail(request: PageRequest, slug: str) -> HttpResponseBase:
    """Show what a toolkit can do, its records, documents, versions and recent jobs."""
    toolkit = find_toolkit(request.user, slug)
    jobs = access.visible_jobs(request.user).filter(toolkit=toolkit, kind=JobKind.OPERATION)
    context: dict[str, Any] = {
        "toolkit": toolkit,
        "can_use": access.can_use(request.user, toolkit),
        "usable": [one["name"] for one in access.usable_operations(request.user, toolkit)],
        "can_manage": access.can_manage_toolkits(request.user, toolkit),
        "can_configure": bool(
            toolkit.settings_schema and access.can_configure(request.user, toolkit)
        ),
        "jobs": jobs.select_related("requested_by").defer(*HEAVY).order_by("-id")[:_RECENT],
        "cards": cards_of([toolkit]) if toolkit.enabled else [],
        "docs": bundle_docs.pages(toolkit.active_version),
        "readme": bundle_docs.html(toolkit, bundle_docs.text(toolkit.active_version, "") or ""),
    }
    if context["can_manage"]:
        context["versions"] = toolkit.versions.order_by("-created_at")[:20]
    return render(request, "toolkits/detail.html", context)
