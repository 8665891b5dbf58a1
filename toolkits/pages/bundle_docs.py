"""The documents of an installed toolkit: the ``docs/*.md`` of its active version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from toolkits.models import ToolkitVersion

_INDEX = "README"
_LARGEST = 1 << 20
_MOST = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class Doc:
    """One document. ``page`` is its name in an address, empty for the index."""

    title: str
    page: str


def _files(version: ToolkitVersion | None) -> dict[str, Path]:
    """Return the documents by their page, from a listing: no address ever makes a path."""
    if version is None:
        return {}
    folder = version.path / "docs"
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".md")
    except OSError:
        return {}
    plain = [p for p in found if _NAME.fullmatch(p.name) and p.is_file() and not p.is_symlink()]
    return {"" if path.stem == _INDEX else path.stem: path for path in plain[:_MOST]}


def pages(version: ToolkitVersion | None) -> list[Doc]:
    """Return the documents, the index first."""
    return [Doc(_title(path), page) for page, path in sorted(_files(version).items())]


def text(version: ToolkitVersion | None, page: str) -> str | None:
    """Return one document as Markdown, or None when there is no such page."""
    path = _files(version).get(page)
    return _read(path, _LARGEST) if path else None


def _title(path: Path) -> str:
    heading = _HEADING.search(_read(path, 4096))
    return heading.group(1)[:120] if heading else path.stem.replace("-", " ").capitalize()


def _read(path: Path, most: int) -> str:
    with path.open("rb") as stream:
        return stream.read(most).decode("utf-8", "replace")
