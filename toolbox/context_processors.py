"""What every page of the console needs: the navigation, the theme, the version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from toolbox import __version__, guides

THEMES = ("auto", "dark", "light")


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation bar; ``short`` is what fits a phone."""

    label: str
    short: str
    icon: str
    url: str
    current: bool


def _entries(user: Any) -> list[tuple[str, str, str, str]]:
    entries = [
        ("dashboard", _("Dashboard"), _("Home"), "layout-dashboard"),
        ("toolkit-list", _("Toolkits"), _("Toolkits"), "tools"),
        ("job-list", _("Jobs"), _("Jobs"), "activity"),
        ("schedule-list", _("Schedules"), _("Schedules"), "calendar-time"),
        ("docs-index", _("Documentation"), _("Docs"), "book-2"),
    ]
    if user.has_perm("audit.view_event"):
        entries.append(("audit-list", _("Audit trail"), _("Audit"), "shield-check"))
    if getattr(user, "is_staff", False):
        entries.append(("admin:index", _("Administration"), _("Admin"), "settings"))
    return entries


def _navigation(request: HttpRequest) -> list[NavItem]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    items = []
    for name, label, short, icon in _entries(user):
        try:
            url = reverse(name)
        except NoReverseMatch:
            # Not every page is there in every build of the console: show what is.
            continue
        current = request.path == url or (name != "dashboard" and request.path.startswith(url))
        items.append(NavItem(label, short, icon, url, current))
    return items


def _theme(request: HttpRequest) -> str:
    chosen = request.COOKIES.get("theme", "auto")
    return chosen if chosen in THEMES else "auto"


def console(request: HttpRequest) -> dict[str, Any]:
    """Add ``console``: ``nav`` and ``guide`` (lazy), ``theme`` as chosen, ``theme_attribute``,
    ``version``. ``guide`` is the address of what tells of this page.

    Without a choice the page starts dark, and theme.js corrects it before the first paint
    where the browser prefers light.
    """
    theme = _theme(request)
    return {
        "console": {
            "nav": SimpleLazyObject(lambda: _navigation(request)),
            "guide": SimpleLazyObject(lambda: guides.address(request)),
            "theme": theme,
            "theme_attribute": "light" if theme == "light" else "dark",
            "version": __version__,
        }
    }
