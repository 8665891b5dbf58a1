"""Documents: those of toolkits, and the product's own."""

from __future__ import annotations

from http import HTTPStatus

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from toolkits.pages import bundle_docs, bundle_files, documents, handbook
from toolkits.pages.guards import PageRequest, find_toolkit, page

_KEPT_SECONDS = 31_536_000


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

    html = bundle_docs.html(toolkit, text, page_name)
    context = {"toolkit": toolkit, "docs": pages, "page": page_name, "html": html}
    return render(request, "toolkits/docs.html", context)


@require_safe
@page
def _file(request: PageRequest, slug: str, digest: str, name: str) -> HttpResponseBase:
    toolkit = find_toolkit(request.user, slug)
    path = bundle_files.find(toolkit, digest, name)
    if path is None:
        raise Http404
    kind = bundle_files.TYPES.get(path.suffix.lower())
    response = FileResponse(
        path.open("rb"),
        as_attachment=kind is None,
        content_type=kind or "application/octet-stream",
    )
    response["Content-Security-Policy"] = bundle_files.POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def toolkit_file(request: HttpRequest, slug: str, digest: str, name: str) -> HttpResponseBase:
    """Send a static file or a picture of a toolkit's version. What it is never changes."""
    response = _file(request, slug, digest, name)
    if response.status_code == HTTPStatus.OK:
        response["Cache-Control"] = f"private, max-age={_KEPT_SECONDS}, immutable"
        del response["Expires"]
    return response


@require_safe
@page
def docs_index(request: PageRequest, page_name: str = "") -> HttpResponseBase:
    """Show a guide of the handbook, or the results of a search through all of them."""
    query = request.GET.get("q", "").strip()[:100]
    text = handbook.text(page_name)
    if page_name and text is None:
        raise Http404

    def address(name: str) -> str:
        return reverse("docs-page", args=[name]) if name else reverse("docs-index")

    context = {
        "shelves": handbook.shelves(),
        "page": page_name,
        "html": documents.html(text, address, handbook.picture) if text else "",
        "query": query,
        "found": handbook.search(query) if query else [],
    }
    return render(request, "docs/page.html", context)
