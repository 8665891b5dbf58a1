"""The product's own guides: ``docs/*.md`` of this checkout, and a search through them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from toolkits.pages import documents
from toolkits.pages.documents import Document

#: Where guides have their pictures, as seen from ``docs``.
_PICTURES = "../static/"
_AROUND = 90
_MOST = 30
#: Whom a guide is for. What is in none of them stands at the end.
_SHELVES: list[tuple[Promise, list[str]]] = [
    (_("Operators"), ["quick-start", "operator", "client"]),
    (
        _("Administrators"),
        ["administration", "sign-in", "audit", "audit-events", "troubleshooting"],
    ),
    (_("Authors of toolkits"), ["author", "sdk", "sdk-reference"]),
    (_("API"), ["api"]),
    (
        _("Running the platform"),
        ["deployment", "configuration", "scaling", "performance", "upgrade", "backup", "vault"],
    ),
    (
        _("How it is made"),
        [
            "architecture", "security", "job-engine", "runner-protocol", "dependencies",
            "contributing",
        ],
    ),
]  # fmt: skip
_MARKS = re.compile(r"[`*_#>|\[\]]+")


@dataclass(frozen=True)
class Hit:
    """A place in a guide where the words that were searched for stand."""

    title: str
    page: str
    excerpt: str


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "docs"


@lru_cache(maxsize=1)
def _texts() -> dict[str, tuple[Document, str]]:
    # The guides ship with the program: they change with a new version of it alone.
    found = documents.files(_folder())
    return {
        page: (Document(documents.title(path), page), documents.read(path))
        for page, path in found.items()
    }


def shelves() -> list[tuple[Promise | str, list[Document]]]:
    """Return the guides by whom they are for; the index is on none."""
    left = {page: document for page, (document, _text) in _texts().items() if page}
    found: list[tuple[Promise | str, list[Document]]] = []
    for title, pages in _SHELVES:
        if there := [left.pop(page) for page in pages if page in left]:
            found.append((title, there))
    return [*found, ("", list(left.values()))] if left else found


def text(page: str) -> str | None:
    """Return one guide as Markdown, or None when there is no such page."""
    found = _texts().get(page)
    return found[1] if found else None


def picture(place: str) -> str:
    """Return the address of a picture that a guide shows: one of the static files."""
    name = place.removeprefix(_PICTURES)
    return static(name) if name != place and finders.find(name) else ""


def search(query: str) -> list[Hit]:
    """Return the guides that hold every word of ``query``, those named by it first."""
    words = query.casefold().split()
    if not words:
        return []
    hits: list[tuple[int, Hit]] = []
    for document, body in _texts().values():
        folded = f"{document.title}\n{body}".casefold()
        if all(word in folded for word in words):
            rank = -sum(word in document.title.casefold() for word in words)
            hits.append((rank, Hit(document.title, document.page, _excerpt(body, words))))
    return [hit for _rank, hit in sorted(hits, key=lambda pair: pair[0])][:_MOST]


def _excerpt(body: str, words: list[str]) -> str:
    places = [place for word in words if (place := body.casefold().find(word)) >= 0]
    middle = min(places, default=0)
    start = max(0, middle - _AROUND)
    piece = _MARKS.sub("", body[start : middle + _AROUND])
    return f"{'…' if start else ''}{' '.join(piece.split())}…"
