"""Markdown documents of a folder: listed first, so that no address ever makes a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from toolkits.pages import markup

_INDEX = ("README", "index")
_LARGEST = 1 << 20
_MOST = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_LINK = re.compile(r'href="([A-Za-z0-9][A-Za-z0-9_.-]*)\.md(#[^"]*)?"')
_SOURCE = re.compile(r'src="([A-Za-z0-9][A-Za-z0-9_.-]*)"')
#: Formats that run no script in a browser, whatever is in them.
PICTURES = {".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}
_HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """One document. ``page`` is its name in an address, empty for the index."""

    title: str
    page: str


def files(folder: Path) -> dict[str, Path]:
    """Return the documents of ``folder`` by their page, the index first."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".md")
    except OSError:
        return {}
    plain = [p for p in found if _NAME.fullmatch(p.name) and p.is_file() and not p.is_symlink()]
    named = {"" if path.stem in _INDEX else path.stem: path for path in plain[:_MOST]}
    return dict(sorted(named.items()))


def listing(folder: Path) -> list[Document]:
    """Return the documents of ``folder`` with their titles."""
    return [Document(title(path), page) for page, path in files(folder).items()]


def title(path: Path) -> str:
    """Return the first heading of a document, else its name in words."""
    heading = _HEADING.search(read(path, 4096))
    return heading.group(1)[:120] if heading else path.stem.replace("-", " ").capitalize()


def read(path: Path, most: int = _LARGEST) -> str:
    """Return the text of a document, at most ``most`` bytes of it."""
    with path.open("rb") as stream:
        return stream.read(most).decode("utf-8", "replace")


def pictures(folder: Path) -> dict[str, Path]:
    """Return the pictures beside the documents of ``folder`` by their name."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix in PICTURES)
    except OSError:
        return {}
    plain = [p for p in found if _NAME.fullmatch(p.name) and p.is_file() and not p.is_symlink()]
    return {p.name: p for p in plain[:_MOST] if p.stat().st_size <= _LARGEST}


def html(
    text: str, address: Callable[[str], str], picture: Callable[[str], str] | None = None
) -> SafeString:
    """Render a document; links to its neighbours lead to what ``address`` gives for a page.

    Pictures beside it come from what ``picture`` gives for a name.
    """

    def rewrite(match: re.Match[str]) -> str:
        page = "" if match[1] in _INDEX else match[1]
        return f'href="{escape(address(page))}{match[2] or ""}"'

    def source(match: re.Match[str]) -> str:
        return f'src="{escape(picture(match[1]) if picture else match[1])}"'

    # The Markdown is sanitised already, and an address of this site takes the place of a link.
    linked = _LINK.sub(rewrite, markup.markdown(text))
    return mark_safe(_SOURCE.sub(source, linked))  # noqa: S308
