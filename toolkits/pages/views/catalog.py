"""What catalogs offer: found, installed, updated one by one or together, and held back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from toolbox.problems import Problem
from toolkits import access, installs, lifecycle
from toolkits.bundles import semver
from toolkits.catalogs import offers
from toolkits.catalogs.offers import Offer
from toolkits.installs import Wanted
from toolkits.models import Catalog, InstallPlan, Toolkit
from toolkits.pages.guards import PageRequest, find_toolkit, page, refuse_unless

_MOST_CHANGES = 10


@require_safe
@page
def catalog(request: PageRequest) -> HttpResponseBase:
    """Show every offer, narrowed by words and category; updates come first."""
    refuse_unless(access.can_install_toolkits(request.user))
    query = request.GET.get("q", "").strip()[:100]
    category = request.GET.get("category", "").strip()[:100]
    every = offers.offers()
    wanted = request.GET.get("show") == "updates"
    found = [
        offer
        for offer in offers.offers(query, category)
        if not wanted or (offer.update and not _pinned(offer))
    ]
    begun = _Begun(every)
    rows = [_row(offer, begun) for offer in found]
    context = {
        "rows": sorted(rows, key=lambda row: not row["update"]),
        "updates": sum(begun.can_update(offer) for offer in every),
        "catalogs": Catalog.objects.filter(enabled=True).order_by("name"),
        "categories": sorted({name for offer in every for name in offer.entry["categories"]}),
        "query": query,
        "category": category,
        "only_updates": wanted,
    }
    return render(request, "toolkits/catalog.html", context)


def _pinned(offer: Offer) -> bool:
    return bool(offer.installed and offer.installed.pinned)


class _Begun:
    """What became of the installs that were begun: under way, waiting to be confirmed, failed."""

    def __init__(self, found: list[Offer]) -> None:
        self.underway = installs.unfinished()
        self.plans = installs.waiting()
        self.failed = installs.failed(offer.slug for offer in found)

    def plan(self, offer: Offer) -> InstallPlan | None:
        """The plan of the offer's newest version that waits to be confirmed."""
        return self.plans[offer.slug] if installs.waits(offer, self.plans) else None

    def can_update(self, offer: Offer) -> bool:
        """Whether an update of it would begin if all were asked for."""
        busy = offer.slug in self.underway or self.plan(offer)
        return bool(offer.update and not _pinned(offer) and not busy)


def _row(offer: Offer, begun: _Begun) -> dict[str, Any]:
    active = offer.installed.active_version if offer.installed else None
    return {
        "offer": offer,
        "entry": offer.entry,
        "active": active.version if active else "",
        "newest": offer.newest or {},
        "update": offer.update,
        "changes": _changes(offer, active.version if active else ""),
        "job": begun.underway.get(offer.slug),
        "plan": begun.plan(offer),
        "failed": begun.failed.get(offer.slug) if offer.update or not active else None,
    }


def _changes(offer: Offer, active: str) -> list[dict[str, Any]]:
    """The versions whose changelog matters here: those that came after the active one."""
    told = [version for version in offer.entry["versions"] if version["changelog"]]
    if active:
        told = [v for v in told if semver.key(v["version"]) > semver.key(active)]
    return told[:_MOST_CHANGES]


@require_POST
@page
def catalog_install(request: PageRequest, slug: str) -> HttpResponseBase:
    """Have a worker install an offer, or update to it; its job's page shows how that goes.

    What asks for more than was consented to is left to be confirmed.
    """
    refuse_unless(access.can_install_toolkits(request.user))
    offer = offers.find(slug, request.POST.get("catalog", "")[:100])
    if offer is None:
        raise Http404
    version = request.POST.get("version", "")[:100]
    try:
        job = installs.submit_offer(
            offer, user=request.user, via="console", wanted=Wanted(), version=version
        )
    except Problem as problem:
        messages.error(request, str(problem))
        return HttpResponseRedirect(reverse("catalog"))
    return HttpResponseRedirect(job.get_absolute_url())


@require_POST
@page
def catalog_update(request: PageRequest) -> HttpResponseBase:
    """Have workers update the ticked toolkits, or all that are not held back."""
    refuse_unless(access.can_install_toolkits(request.user))
    newer = offers.newest_updates()
    chosen = set(request.POST.getlist("slug")) if "all" not in request.POST else set(newer)
    ticked = [newer[slug] for slug in sorted(chosen & set(newer))]
    begun = installs.begin_updates(ticked, user=request.user, via="console")
    if begun:
        text = ngettext(
            "%(n)d update has begun: its job shows how it goes.",
            "%(n)d updates have begun: their jobs show how they go.",
            begun,
        )
        messages.success(request, text % {"n": begun})
    else:
        messages.warning(request, _("There is nothing to update among these."))
    return HttpResponseRedirect(reverse("catalog"))


@require_POST
@page
def toolkit_pin(request: PageRequest, slug: str) -> HttpResponseBase:
    """Hold a toolkit at its version, or let it be updated again."""
    toolkit: Toolkit = find_toolkit(request.user, slug)
    refuse_unless(access.can_manage_toolkits(request.user, toolkit))
    lifecycle.pin(toolkit, request.user, pinned="pin" in request.POST)
    return HttpResponseRedirect(reverse("catalog"))
