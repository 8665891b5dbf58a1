"""The dashboard: cards as they were last refreshed, and recent jobs."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from toolkits import access, console
from toolkits.jobs.states import ACTIVE, JobState
from toolkits.models import CardState, ConsolePreferences, Job, Toolkit
from toolkits.models.job import JobKind
from toolkits.pages import attention, tour
from toolkits.pages.guards import PageRequest, page
from toolkits.pages.views.jobs import HEAVY

_RECENT = 10


def cards_of(
    toolkits: list[Toolkit],
    preferences: ConsolePreferences | None = None,
    *,
    hidden: bool = False,
) -> list[dict[str, Any]]:
    """Return the cards of ``toolkits`` with their last content, in one query.

    With ``preferences`` they stand in that person's order; hidden ones are there only if
    they are asked for.
    """
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
    return made if preferences is None else _arranged(made, preferences, hidden=hidden)


def _arranged(
    cards: list[dict[str, Any]], preferences: ConsolePreferences, *, hidden: bool
) -> list[dict[str, Any]]:
    places = {key: place for place, key in enumerate(preferences.card_order)}
    gone = set(preferences.hidden_cards)
    for card in cards:
        card["hidden"] = card["key"] in gone
    shown = [card for card in cards if hidden or not card["hidden"]]
    return sorted(shown, key=lambda card: places.get(card["key"], len(places)))


@require_safe
@page
def dashboard(request: PageRequest) -> HttpResponseBase:
    """Show the cards and the latest jobs that the user may see."""
    enabled = access.visible_toolkits(request.user).filter(enabled=True).order_by("name")
    preferences = console.preferences(request.user)
    # Of many toolkits, those alone that something here is of.
    named = {key.partition(".")[0] for key in preferences.favourites} | {tour.SAMPLE}
    toolkits = list(enabled.filter(Q(pk__in=enabled.with_cards().values("pk")) | Q(slug__in=named)))
    has_toolkits = bool(toolkits) or enabled.exists()
    jobs = access.visible_jobs(request.user).filter(kind=JobKind.OPERATION)
    asked = _ask(request.user, jobs, preferences)
    context = {
        "cards": cards_of(toolkits, preferences),
        "tour": tour.of(request.user, toolkits, asked, any_enabled=has_toolkits),
        "has_cards": any(one.cards for one in toolkits),
        "favourites": _favourites(request.user, toolkits, preferences.favourites),
        "attention": attention.of(request.user, awaiting=asked["awaiting"]),
        "jobs": jobs.select_related("requested_by").defer(*HEAVY).order_by("-id")[:_RECENT],
        "running": asked["running"],
        "has_toolkits": has_toolkits,
        "can_manage": access.can_install_toolkits(request.user),
    }
    return render(request, "dashboard.html", context)


def _ask(user: Any, jobs: QuerySet[Job], preferences: ConsolePreferences) -> dict[str, Any]:
    """Ask for what is one figure or one yes or no, all at once: how many jobs run, whether some
    await approval, and what of the tour was done, if it is shown."""
    # Only jobs that have not ended are looked for: an index holds them.
    running = jobs.filter(state__in=ACTIVE).order_by().values("kind").annotate(n=Count("pk"))
    questions = {
        "running": Coalesce(Subquery(running.values("n")), 0),
        "awaiting": Exists(jobs.filter(state=JobState.AWAITING_APPROVAL).order_by()),
        **({} if preferences.tour_done else tour.questions(user)),
    }
    return dict(User.objects.filter(pk=user.pk).values(**questions).get())


def _favourites(user: Any, toolkits: list[Toolkit], keys: list[str]) -> list[dict[str, Any]]:
    """Return the favourites that are there still, and that ``user`` may still run."""
    usable = {
        f"{toolkit.slug}.{entry['name']}": {"toolkit": toolkit, "operation": entry}
        for toolkit in toolkits
        for entry in access.usable_operations(user, toolkit)
    }
    return [usable[key] for key in keys if key in usable]
