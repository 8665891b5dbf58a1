"""What apps add to the admin besides their models: pages, glances, parts of the support bundle.

Foundations may not import the apps, so the apps register here when their ``admin`` modules
are loaded, and the site reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True)
class AdminPage:
    """A page that is no model's: ``admin:<name>`` at ``path`` below ``/admin/``.

    ``allowed`` is asked before the view runs; who may not see the page finds nothing there.
    """

    name: str
    path: str
    view: Callable[..., HttpResponseBase]
    title: Text
    allowed: Callable[[Any], bool]
    section: str = "system"
    icon: str = "file-text"
    hint: Text = ""
    order: int = 50
    listed: bool = True


@dataclass(frozen=True)
class Glance:
    """One figure of the admin's first page. ``tone``: ok, info, warning, critical, unknown."""

    label: Text
    value: str
    note: Text = ""
    url: str = ""
    tone: str = "info"


_pages: dict[str, AdminPage] = {}
_glances: list[Callable[[HttpRequest], Iterable[Glance]]] = []
_parts: dict[str, Callable[[], Any]] = {}


def register_page(page: AdminPage) -> None:
    """Add a page to the admin."""
    _pages[page.name] = page


def pages() -> list[AdminPage]:
    """The registered pages, in the order of their registration."""
    return list(_pages.values())


def register_glances(source: Callable[[HttpRequest], Iterable[Glance]]) -> None:
    """Add figures to the first page; ``source`` returns those that the user may see."""
    if source not in _glances:
        _glances.append(source)


def glances(request: HttpRequest) -> list[Glance]:
    """The figures for the first page."""
    return [glance for source in _glances for glance in source(request)]


def register_part(name: str, source: Callable[[], Any]) -> None:
    """Add ``<name>.json`` to the support bundle. ``source`` returns JSON types, no secrets."""
    _parts[name] = source


def parts() -> dict[str, Callable[[], Any]]:
    """The registered parts of the support bundle."""
    return dict(_parts)
