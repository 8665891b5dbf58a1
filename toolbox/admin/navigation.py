"""The admin's own navigation: sections of models and pages that the user may open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from toolbox.admin import registry
from toolbox.admin.registry import Text


@dataclass(frozen=True)
class Entry:
    """One link: a model's list or a page."""

    title: Text
    url: str
    icon: str
    hint: Text
    current: bool
    order: int
    add_url: str = ""


@dataclass
class Section:
    """Links that belong together."""

    name: str
    title: Text
    entries: list[Entry] = field(default_factory=list)

    @property
    def current(self) -> bool:
        """Whether the page that is shown belongs here."""
        return any(entry.current for entry in self.entries)


_TITLES: dict[str, Text] = {
    "toolkits": _("Toolkits"),
    "access": _("Access"),
    "audit": _("Audit"),
    "system": _("System"),
}
_SECTION_OF_APP = {
    "toolkits": "toolkits",
    "accounts": "access",
    "auth": "access",
    "token_blacklist": "access",
    "audit": "audit",
}


def sections(site: AdminSite, request: HttpRequest) -> list[Section]:
    """Everything in the admin that the user may open, by section."""
    found = {name: Section(name, title) for name, title in _TITLES.items()}
    for model_admin in site._registry.values():
        if entry := _model_entry(site, model_admin, request):
            app = model_admin.opts.app_label
            name = getattr(model_admin, "section", "") or _SECTION_OF_APP.get(app, "system")
            found[name].entries.append(entry)
    for page in registry.pages():
        if page.listed and page.allowed(request.user):
            found[page.section].entries.append(_page_entry(site, page, request))
    for section in found.values():
        section.entries.sort(key=lambda entry: (entry.order, str(entry.title)))
    return [section for section in found.values() if section.entries]


def _model_entry(site: AdminSite, model_admin: Any, request: HttpRequest) -> Entry | None:
    if not model_admin.has_module_permission(request):
        return None
    if not model_admin.has_view_or_change_permission(request):
        return None
    base = f"{site.name}:{model_admin.opts.app_label}_{model_admin.opts.model_name}"
    url = reverse(f"{base}_changelist")
    return Entry(
        title=capfirst(model_admin.opts.verbose_name_plural),
        url=url,
        icon=getattr(model_admin, "icon", "table"),
        hint=getattr(model_admin, "hint", ""),
        current=request.path.startswith(url) and not _on_page(site, request),
        order=getattr(model_admin, "order", 50),
        add_url=reverse(f"{base}_add") if model_admin.has_add_permission(request) else "",
    )


def _page_entry(site: AdminSite, page: registry.AdminPage, request: HttpRequest) -> Entry:
    url = reverse(f"{site.name}:{page.name}")
    return Entry(page.title, url, page.icon, page.hint, request.path == url, page.order)


def _on_page(site: AdminSite, request: HttpRequest) -> bool:
    """Whether the address is that of a listed page, which may lie below a model's list."""
    listed = (page for page in registry.pages() if page.listed)
    return any(request.path == reverse(f"{site.name}:{page.name}") for page in listed)
