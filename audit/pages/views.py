"""The audit trail in the console: the list, one event, export, verification."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from audit import chain, export, holds, reading, retention, verification
from audit.catalogue import CATALOGUE, Severity
from audit.downloads import download
from audit.filters import Filters
from audit.models import Event
from toolbox.keyset import keyset

P = ParamSpec("P")
PAGE_SIZE = 50


def auditor(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let only those in who may read the trail; for everybody else nothing is here."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not reading.may_read(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", guarded)


@auditor
@require_GET
def event_list(request: HttpRequest) -> HttpResponseBase:
    """Show events, newest first, narrowed by filters, a page at a time."""
    filters = Filters.read(request.GET)
    shown = keyset(filters.apply(Event.objects.all()), request.GET, PAGE_SIZE)
    reading.note_viewed(request.user, filters, "page")
    context: dict[str, Any] = {
        "events": shown.rows,
        "paging": shown,
        "filters": filters,
        "filter_errors": filters.errors(),
        "filter_query": _query(request),
    }
    if getattr(request, "htmx", False):
        return render(request, "audit/_list.html", context)
    return render(request, "audit/list.html", {**context, **_standing()})


def _query(request: HttpRequest) -> str:
    """The filters of a request as a query, without the place in the list."""
    query = request.GET.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    return query.urlencode()


def _standing() -> dict[str, Any]:
    return {
        "chain": chain.status(),
        "last": reading.last_verification(),
        "retention_days": retention.days(),
        "holds": len(holds.active()),
        "severities": _severities(),
        "event_names": sorted(CATALOGUE),
    }


def _severities() -> list[tuple[str, str]]:
    choices: list[tuple[str, str]] = []
    for value, label in Severity.choices:
        choices.append((value, str(label)))
        if value not in (Severity.INFO, Severity.CRITICAL):
            choices.append((f"{value}+", _("%(severity)s or graver") % {"severity": label}))
    return choices


@auditor
@require_GET
def event_detail(request: HttpRequest, event_id: UUID) -> HttpResponseBase:
    """Show one event whole."""
    event = get_object_or_404(Event, pk=event_id)
    reading.note_viewed(request.user, Filters(), "page", event)
    return render(request, "audit/detail.html", {"event": event, "kind": CATALOGUE.get(event.name)})


@auditor
@require_GET
def event_export(request: HttpRequest) -> HttpResponseBase:
    """Download what the filters show."""
    wanted, filters = request.GET.get("format", "csv"), Filters.read(request.GET)
    if wanted not in export.FORMATS or filters.errors():
        raise Http404
    return download(request.user, filters, wanted)


@auditor
@require_POST
def verify_trail(request: HttpRequest) -> HttpResponseBase:
    """Have the whole trail verified in the background."""
    verification.request(request.user)
    messages.success(request, _("The verification has begun. Its outcome shows here once it ends."))
    return redirect("audit-list")
