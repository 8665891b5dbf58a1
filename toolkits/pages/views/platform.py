"""How the platform fares, in a line of the dashboard that loads by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from toolbox.health.views import latest
from toolkits.jobs import overview
from toolkits.pages.guards import PageRequest, is_partial, page

_NAMES = {
    "database": gettext_lazy("Database"),
    "migrations": gettext_lazy("Migrations"),
    "redis": "Redis",
    "storage": gettext_lazy("Storage"),
    "vault": "Vault",
}


@dataclass(frozen=True)
class Part:
    """One part of the platform and how it is."""

    state: str
    text: str


@require_safe
@page
def platform(request: PageRequest) -> HttpResponseBase:
    """Show whether dependencies, workers and scheduler are there. Slow when one is not: the
    dashboard itself never waits for this."""
    parts = [*_dependencies(), *_engine()]
    wrong = [part for part in parts if part.state != "ok"]
    context: dict[str, Any] = {"parts": wrong or parts, "ok": not wrong}
    return render(request, "_platform.html" if is_partial(request) else "platform.html", context)


def _dependencies() -> list[Part]:
    return [
        Part("ok" if result.ok else "critical", str(_NAMES.get(result.name, result.name)))
        for result in latest()
        if result.name != "migrations" or not result.ok
    ]


def _engine() -> list[Part]:
    lease = overview.lease()
    scheduler = "ok" if lease is not None and lease.held else "warning"
    parts = [Part(scheduler, _("Scheduler"))]
    try:
        alive = [worker for worker in overview.workers() if not worker.silent]
    except RedisError:
        return parts
    text = ngettext("%(n)d worker", "%(n)d workers", len(alive)) % {"n": len(alive)}
    return [*parts, Part("ok" if alive else "critical", text)]
