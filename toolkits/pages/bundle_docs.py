"""The documents of an installed toolkit: the ``docs/*.md`` and changelog of its version."""

from __future__ import annotations

from django.urls import reverse
from django.utils.safestring import SafeString

from toolkits.bundles import presence
from toolkits.models import Toolkit, ToolkitVersion
from toolkits.pages import bundle_files, documents
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


def html(toolkit: Toolkit, text: str, page: str = "") -> SafeString:
    """Render a document of a toolkit, its links and pictures leading to its neighbours."""
    slug, version = toolkit.slug, toolkit.active_version

    def address(name: str) -> str:
        return reverse("toolkit-docs", args=[slug, name] if name else [slug])

    def picture(target: str) -> str:
        return bundle_files.address(version, slug, page, target)

    return documents.html(text, address, picture)


def changelog(version: ToolkitVersion | None) -> str:
    """Return the changelog as Markdown; empty when there is none."""
    folder = presence.folder_of(version)
    path = folder / "CHANGELOG.md" if folder else None
    return documents.read(path) if path and path.is_file() and not path.is_symlink() else ""
