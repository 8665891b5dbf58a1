"""What people keep for themselves: favourites, saved inputs and filters, their dashboard."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from toolkits import access, console
from toolkits.models import RunPreset
from toolkits.pages.guards import PageRequest, is_partial, page
from toolkits.pages.views.dashboard import cards_of
from toolkits.pages.views.run import find_operation


@require_POST
@page
def favourite(request: PageRequest, slug: str, operation: str) -> HttpResponseBase:
    """Make an operation a favourite, or no longer."""
    toolkit, described = find_operation(request, slug, operation)
    is_favourite = console.toggle_favourite(request.user, f"{slug}.{operation}")
    if not is_partial(request):
        return redirect("operation-run", slug, operation)
    context = {"toolkit": toolkit, "operation": described, "is_favourite": is_favourite}
    return render(request, "toolkits/_favourite.html", context)


@require_POST
@page
def preset_delete(request: PageRequest, preset_id: UUID) -> HttpResponseBase:
    """Forget saved inputs of one's own."""
    found = RunPreset.objects.filter(pk=preset_id, user=request.user)
    preset = found.select_related("toolkit").first()
    if preset is None:
        raise Http404
    preset.delete()
    messages.success(request, _("%(name)s is forgotten.") % {"name": preset.name})
    return redirect("operation-run", preset.toolkit.slug, preset.operation)


@require_POST
@page
def filter_save(request: PageRequest) -> HttpResponseBase:
    """Keep a filter of the list of jobs under a name."""
    name = request.POST.get("name", "").strip()
    query = QueryDict(request.POST.get("query", "")[:2000], mutable=True)
    for cursor in ("before", "after"):
        query.pop(cursor, None)
    if name:
        console.save_filter(request.user, name, query.urlencode())
    else:
        messages.error(request, _("Give the filter a name."))
    return HttpResponseRedirect(f"{reverse('job-list')}?{query.urlencode()}")


@require_POST
@page
def filter_drop(request: PageRequest) -> HttpResponseBase:
    """Forget a saved filter."""
    console.drop_filter(request.user, request.POST.get("name", ""))
    return redirect("job-list")


@require_POST
@page
def tour_dismiss(request: PageRequest) -> HttpResponseBase:
    """Put away what the dashboard says about what to do next."""
    console.end_tour(request.user)
    return redirect("dashboard")


@page
def arrange(request: PageRequest) -> HttpResponseBase:
    """Choose which cards the dashboard shows, and in which order."""
    toolkits = list(access.visible_toolkits(request.user).filter(enabled=True).with_cards())
    if request.method == "POST":
        places = {
            key: _number(request.POST.get(f"place:{key}", ""))
            for key in request.POST.getlist("card")
        }
        order = sorted(places, key=lambda key: places[key])
        shown = set(request.POST.getlist("shown"))
        console.arrange(request.user, order, [key for key in order if key not in shown])
        messages.success(request, _("The dashboard is arranged."))
        return redirect("dashboard")
    cards = cards_of(toolkits, console.preferences(request.user), hidden=True)
    return render(request, "dashboard_arrange.html", {"cards": cards})


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1e6
