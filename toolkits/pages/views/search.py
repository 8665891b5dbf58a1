"""The search page and the command palette."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from toolkits.pages import search
from toolkits.pages.guards import PageRequest, page

_ON_PAGE, _IN_PALETTE = 30, 5


def _query(request: PageRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()[:100]


@require_safe
@page
def search_page(request: PageRequest) -> HttpResponseBase:
    """Show everything that holds the words that were asked for."""
    query = _query(request)
    found = search.find(request, query, _ON_PAGE)
    return render(request, "search/page.html", {"query": query, "found": found})


@require_safe
@page
def palette(request: PageRequest) -> HttpResponseBase:
    """Show the few best hits, for the command palette; without words, where one may go."""
    query = _query(request)
    found = search.find(request, query, _IN_PALETTE)
    return render(request, "search/_palette.html", {"query": query, "found": found})
