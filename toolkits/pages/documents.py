"""Markdown documents of a folder: listed first, so that no address ever makes a path."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from toolkits.pages import markup

_INDEX = ("README", "index")
_LARGEST = 1 << 20
_MOST = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_LINK = re.compile(r'href="([A-Za-z0-9][A-Za-z0-9_.-]*)\.md(#[^"]*)?"')
_PICTURE = re.compile(r'<img\b[^>]*?\bsrc="([^"]*)"[^>]*>')
_ALT = re.compile(r'\balt="([^"]*)"')
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


def html(
    text: str, address: Callable[[str], str], picture: Callable[[str], str] | None = None
) -> SafeString:
    """Render a document; links to its neighbours lead to what ``address`` gives for a page.

    Pictures come from what ``picture`` gives for the place that the document names; one that it
    gives nothing for is left out.
    """

    def rewrite(match: re.Match[str]) -> str:
        page = "" if match[1] in _INDEX else match[1]
        return f'href="{escape(address(page))}{match[2] or ""}"'

    def shown(match: re.Match[str]) -> str:
        if picture is None:
            return match[0]
        alternative = found[1] if (found := _ALT.search(match[0])) else ""
        source = picture(unescape(match[1]))
        return f'<img src="{escape(source)}" alt="{alternative}">' if source else alternative

    # The Markdown is sanitised already, and an address of this site takes the place of a link.
    linked = _LINK.sub(rewrite, markup.markdown(text))
    return mark_safe(_PICTURE.sub(shown, linked))  # noqa: S308
