"""What people keep for themselves in the console, and the rules of it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from toolkits.jobs import job_secrets
from toolkits.models import ConsolePreferences, RunPreset, Toolkit
from toolkits.schemas import Schema, marked, properties

MOST_FAVOURITES = 50
MOST_FILTERS = 30
MOST_PRESETS = 100


def preferences(user: Any) -> ConsolePreferences:
    """Return the preferences of ``user``; an unsaved row where they never set any."""
    found = ConsolePreferences.objects.filter(user=user).first()
    return found or ConsolePreferences(user=user)


def arrange(user: Any, order: list[str], hidden: list[str]) -> None:
    """Keep the order of the dashboard's cards and which are hidden."""
    row = preferences(user)
    row.card_order, row.hidden_cards = _keys(order), _keys(hidden)
    row.save()


def toggle_favourite(user: Any, key: str) -> bool:
    """Add or remove a favourite; returns whether it now is one."""
    row = preferences(user)
    added = key not in row.favourites
    if added:
        row.favourites = [*row.favourites, key][-MOST_FAVOURITES:]
    else:
        row.favourites = [one for one in row.favourites if one != key]
    row.save()
    return added


def save_filter(user: Any, name: str, query: str) -> None:
    """Keep a filter of the list of jobs under a name; the same name replaces it."""
    row = preferences(user)
    others = [one for one in row.job_filters if one["name"] != name]
    row.job_filters = [*others, {"name": name[:80], "query": query[:2000]}][-MOST_FILTERS:]
    row.save()


def drop_filter(user: Any, name: str) -> None:
    """Forget a saved filter."""
    row = preferences(user)
    row.job_filters = [one for one in row.job_filters if one["name"] != name]
    row.save()


def end_tour(user: Any) -> None:
    """Show the first steps no more."""
    row = preferences(user)
    row.tour_done = True
    row.save()


def presets(user: Any, toolkit: Toolkit, operation: str) -> QuerySet[RunPreset]:
    """Return the saved inputs of an operation that ``user`` may fill in: own and shared ones."""
    found = RunPreset.objects.filter(toolkit=toolkit, operation=operation)
    return found.filter(Q(user=user) | Q(shared=True)).select_related("user")


def save_preset(
    user: Any,
    toolkit: Toolkit,
    described: dict[str, Any],
    name: str,
    inputs: dict[str, Any],
    *,
    shared: bool,
) -> RunPreset:
    """Keep inputs under a name, without secrets and files; the same name replaces them."""
    kept = storable(described["inputs"], inputs)
    own = RunPreset.objects.filter(user=user, toolkit=toolkit, operation=described["name"])
    preset, created = own.update_or_create(
        name=name[:80],
        defaults={"inputs": kept, "shared": shared},
        create_defaults={
            "user": user,
            "toolkit": toolkit,
            "operation": described["name"],
            "inputs": kept,
            "shared": shared,
        },
    )
    if created:
        oldest = own.order_by("-id").values_list("pk", flat=True)[MOST_PRESETS:]
        RunPreset.objects.filter(pk__in=list(oldest)).delete()
    return preset


def storable(schema: Schema, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs that may be kept or put into a link: no secrets, no files."""
    held_back = {name for mark in ("x-secret", "x-file") for name, _ in marked(schema, mark)}
    known = properties(schema)
    return {
        name: value
        for name, value in inputs.items()
        if name in known and name not in held_back and not job_secrets.is_mark(value)
    }


def _keys(given: list[str]) -> list[str]:
    return [key for key in dict.fromkeys(given) if len(key) < 200][:500]
