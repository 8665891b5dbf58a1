"""The list of toolkits, and one toolkit."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import scope
from toolbox.keyset import named
from toolkits import access
from toolkits.bundles import permissions, semver
from toolkits.catalogs import offers
from toolkits.models import Toolkit
from toolkits.models.job import JobKind
from toolkits.pages import bundle_docs, markup, toolkit_facts
from toolkits.pages.guards import PageRequest, find_toolkit, is_partial, page, refuse_unless
from toolkits.pages.views.dashboard import cards_of
from toolkits.pages.views.jobs import HEAVY

_RECENT = 8
PAGE_SIZE = 48


@require_safe
@page
def toolkit_list(request: PageRequest) -> HttpResponseBase:
    """Show the toolkits that the user sees, by name, narrowed by text and category."""
    visible = access.visible_toolkits(request.user)
    query = request.GET.get("q", "").strip()[:100].replace("\0", "")
    category = request.GET.get("category", "").strip()[:100]
    sets = _sets_of_categories(visible)
    found = visible.holding(query)
    if category:
        found = found.filter(categories__in=[names for names in sets if category in names])
    shown = named(found, request.GET, PAGE_SIZE)
    context = {
        "toolkits": [
            {"toolkit": one, "operations": access.usable_operations(request.user, one)}
            for one in shown.rows
        ],
        "paging": shown,
        "can_manage": access.can_install_toolkits(request.user),
        "updates": _updates(request.user),
        "query": query,
        "category": category,
        "categories": sorted({name for names in sets for name in names}),
    }
    name = "toolkits/_grid.html" if is_partial(request) else "toolkits/list.html"
    return render(request, name, context)


def _sets_of_categories(visible: QuerySet[Toolkit]) -> list[list[str]]:
    """Each set of categories that some toolkit has: few, however many toolkits there are."""
    return list(visible.order_by().values_list("categories", flat=True).distinct())


def _updates(user: Any) -> dict[str, str]:
    """The newer version of each toolkit that ``user`` may update, by its slug."""
    if not scope(user, "toolkits.change_toolkit"):
        return {}
    return {
        offer.slug: str(offer.update["version"])
        for offer in offers.updates()
        if offer.update and offer.installed and access.can_manage_toolkits(user, offer.installed)
    }


@require_safe
@page
def toolkit_detail(request: PageRequest, slug: str) -> HttpResponseBase:
    """Show what a toolkit can do, its records, documents, versions and recent jobs."""
    toolkit = find_toolkit(request.user, slug)
    jobs = access.visible_jobs(request.user).filter(toolkit=toolkit, kind=JobKind.OPERATION)
    latest = list(
        jobs.select_related("requested_by")
        .defer(*HEAVY)
        .order_by("-id")[: toolkit_facts.MOST_JOBS]
    )
    runs = toolkit_facts.runs_of(latest)
    titles = {entry["name"]: entry["title"] for entry in toolkit.operations}
    cards = cards_of([toolkit])
    context: dict[str, Any] = {
        "toolkit": toolkit,
        "performance": toolkit_facts.performance(runs, titles),
        "health": toolkit_facts.health(request.user, toolkit, runs, cards),
        "permissions": _permissions(toolkit),
        "asks_platform": _asks_platform(toolkit),
        "has_changelog": bool(bundle_docs.changelog(toolkit.active_version)),
        "can_use": access.can_use(request.user, toolkit),
        "usable": [one["name"] for one in access.usable_operations(request.user, toolkit)],
        "can_manage": access.can_manage_toolkits(request.user, toolkit),
        "can_configure": bool(
            toolkit.settings_schema and access.can_configure(request.user, toolkit)
        ),
        "jobs": latest[:_RECENT],
        "cards": cards if toolkit.enabled else [],
        "docs": bundle_docs.pages(toolkit.active_version),
        "readme": bundle_docs.html(toolkit, bundle_docs.text(toolkit.active_version, "") or ""),
    }
    if context["can_manage"]:
        versions = toolkit.versions.defer("manifest", "description")
        context["versions"] = versions.order_by("-created_at")[:20]
        context["update"] = _update(toolkit)
    return render(request, "toolkits/detail.html", context)


def _update(toolkit: Toolkit) -> dict[str, Any] | None:
    """The newer version that a catalog offers, with what changed since the active one."""
    if toolkit.pinned:
        return None
    found = [offer.update for offer in offers.of(toolkit)]
    newer = [one for one in found if one]
    return max(newer, key=lambda one: semver.key(one["version"]), default=None)


def _asks_platform(toolkit: Toolkit) -> bool:
    """Whether it is about the platform itself: its page then shows how that is, which takes no
    job, and so is there when none can start."""
    version = toolkit.active_version
    if version is None:
        return False
    return permissions.Permissions.of(version.manifest).may_ask_platform("health")


def _permissions(toolkit: Toolkit) -> list[dict[str, Any]]:
    """What the toolkit asked for, in words, and whether the platform holds it to that."""
    version = toolkit.active_version
    return permissions.told(version.manifest) if version else []


@require_safe
@page
def toolkit_changelog(request: PageRequest, slug: str) -> HttpResponseBase:
    """Show what changed in each version."""
    toolkit = find_toolkit(request.user, slug)
    text = bundle_docs.changelog(toolkit.active_version)
    refuse_unless(bool(text))
    context = {"toolkit": toolkit, "html": markup.markdown(text, 2)}
    return render(request, "toolkits/changelog.html", context)
