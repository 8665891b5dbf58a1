"""The documents of an installed toolkit: the ``docs/*.md`` and changelog of its version."""

from __future__ import annotations

from pathlib import Path

from django.urls import reverse
from django.utils.safestring import SafeString

from toolkits.bundles import presence
from toolkits.models import ToolkitVersion
from toolkits.pages import documents
from toolkits.pages.documents import Document


def pages(version: ToolkitVersion | None) -> list[Document]:
    """Return the documents, the index first."""
    folder = presence.folder_of(version)
    return documents.listing(folder / "docs") if folder else []


def text(version: ToolkitVersion | None, page: str) -> str | None:
    """Return one document as Markdown, or None when there is no such page."""
    folder = presence.folder_of(version)
    path = documents.files(folder / "docs").get(page) if folder else None
    return documents.read(path) if path else None


def html(slug: str, text: str) -> SafeString:
    """Render a document of a toolkit, its links and pictures leading to its neighbours."""

    def address(name: str) -> str:
        return reverse("toolkit-docs", args=[slug, name] if name else [slug])

    def source(name: str) -> str:
        return reverse("toolkit-docs-picture", args=[slug, name])

    return documents.html(text, address, source)


def picture(version: ToolkitVersion | None, name: str) -> Path | None:
    """Return a picture that stands beside the documents."""
    folder = presence.folder_of(version)
    return documents.pictures(folder / "docs").get(name) if folder else None


def changelog(version: ToolkitVersion | None) -> str:
    """Return the changelog as Markdown; empty when there is none."""
    folder = presence.folder_of(version)
    path = folder / "CHANGELOG.md" if folder else None
    return documents.read(path) if path and path.is_file() and not path.is_symlink() else ""
