"""The dashboard: cards as they were last refreshed, and recent jobs."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from toolkits import access
from toolkits.jobs.states import ACTIVE
from toolkits.models import CardState, Toolkit
from toolkits.models.job import JobKind
from toolkits.pages.guards import PageRequest, page

_RECENT = 10


def cards_of(toolkits: list[Toolkit]) -> list[dict[str, Any]]:
    """Return the cards of ``toolkits`` with their last content, in one query."""
    states = {
        (state.toolkit_id, state.name): state
        for state in CardState.objects.filter(toolkit__in=toolkits)
    }
    made = []
    for toolkit in toolkits:
        for card in toolkit.cards:
            state = states.get((toolkit.pk, card["name"]))
            made.append(
                {
                    "toolkit": toolkit,
                    "name": card["name"],
                    "key": f"{toolkit.slug}.{card['name']}",
                    "title": card["title"],
                    "description": card.get("description", ""),
                    "view": state.view if state else None,
                    "refreshed_at": state.refreshed_at if state else None,
                    "error": state.error if state else "",
                }
            )
    return made


@require_safe
@page
def dashboard(request: PageRequest) -> HttpResponseBase:
    """Show the cards and the latest jobs that the user may see."""
    toolkits = [one for one in access.visible_toolkits(request.user) if one.enabled]
    jobs = access.visible_jobs(request.user).filter(kind=JobKind.OPERATION)
    context = {
        "cards": cards_of(toolkits),
        "jobs": jobs.select_related("requested_by").order_by("-id")[:_RECENT],
        "running": jobs.filter(state__in=ACTIVE).count(),
        "has_toolkits": bool(toolkits),
        "can_manage": access.can_install_toolkits(request.user),
    }
    return render(request, "dashboard.html", context)
