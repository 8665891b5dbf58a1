"""Documents: those of toolkits, and the product's own."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from toolkits.pages import bundle_docs, documents, handbook
from toolkits.pages.guards import PageRequest, find_toolkit, page


@require_safe
@page
def toolkit_docs(request: PageRequest, slug: str, page_name: str = "") -> HttpResponseBase:
    """Show a document of the installed version of a toolkit."""
    toolkit = find_toolkit(request.user, slug)
    pages = bundle_docs.pages(toolkit.active_version)
    if not page_name and pages and pages[0].page:
        # No README: the first document stands in its place.
        page_name = pages[0].page
    text = bundle_docs.text(toolkit.active_version, page_name)
    if text is None:
        raise Http404

    html = bundle_docs.html(slug, text)
    context = {"toolkit": toolkit, "docs": pages, "page": page_name, "html": html}
    return render(request, "toolkits/docs.html", context)


@require_safe
@page
def toolkit_docs_picture(request: PageRequest, slug: str, name: str) -> HttpResponseBase:
    """Send a picture of a toolkit's documents."""
    toolkit = find_toolkit(request.user, slug)
    path = bundle_docs.picture(toolkit.active_version, name)
    if path is None:
        raise Http404
    response = FileResponse(path.open("rb"), content_type=documents.PICTURES[path.suffix])
    # A name may show another picture after an update of the toolkit.
    response["Cache-Control"] = "private, max-age=300"
    return response


@require_safe
@page
def docs_index(request: PageRequest, page_name: str = "") -> HttpResponseBase:
    """Show a guide of the handbook, or the results of a search through all of them."""
    query = request.GET.get("q", "").strip()[:100]
    guides = handbook.guides()
    text = handbook.text(page_name)
    if page_name and text is None:
        raise Http404

    def address(name: str) -> str:
        return reverse("docs-page", args=[name]) if name else reverse("docs-index")

    context = {
        "guides": guides,
        "page": page_name,
        "html": documents.html(text, address) if text else "",
        "query": query,
        "found": handbook.search(query) if query else [],
    }
    return render(request, "docs/page.html", context)
