"""Finding things by name and text, within what the person who asks may see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from toolbox.keyset import looked_through
from toolkits import access
from toolkits.bundles import presence
from toolkits.jobs import narrowing
from toolkits.models import Job, Record, Toolkit, ToolkitVersion
from toolkits.pages import documents, handbook
from toolkits.pages.collections import Collection
from toolkits.pages.views.jobs import HEAVY

#: Older jobs are found by their id or by the filters of the list.
_RECENT_JOBS = 5_000
_SCANNED_RECORDS = 300
_MOST_TOOLKITS = 50
_AROUND = 70


@dataclass(frozen=True)
class Hit:
    """One thing that was found."""

    title: str
    detail: str
    url: str
    icon: str


@dataclass(frozen=True)
class Found:
    """Things of one kind."""

    label: str
    hits: list[Hit]


def find(request: HttpRequest, query: str, most: int) -> list[Found]:
    """Return what holds every word of ``query``, at most ``most`` things of each kind."""
    words = query.casefold().split()[:8]
    if not words:
        return []
    user: Any = request.user
    visible = access.visible_toolkits(user).order_by("name")
    holding = list(visible.holding(query)[:_MOST_TOOLKITS])
    toolkits = list(visible.light())
    kinds = [
        (_("Operations"), _operations(user, holding, words)),
        (_("Toolkits"), _toolkits(holding, words)),
        (_("Jobs"), _jobs(user, query, words, most)),
        (_("Records"), _records(user, toolkits, words, most)),
        (_("Documentation"), _documents(toolkits, query, words)),
        (_("Administration"), _admin_pages(request, words)),
    ]
    return [Found(label, hits[:most]) for label, hits in kinds if hits]


def _holds(words: list[str], *texts: object) -> bool:
    whole = " ".join(map(str, texts)).casefold()
    return all(word in whole for word in words)


def _operations(user: Any, toolkits: list[Toolkit], words: list[str]) -> list[Hit]:
    return [
        Hit(
            entry["title"],
            toolkit.name,
            reverse("operation-run", args=[toolkit.slug, entry["name"]]),
            "player-play",
        )
        for toolkit in toolkits
        for entry in access.usable_operations(user, toolkit)
        if _holds(words, entry["title"], entry["name"], toolkit.name, toolkit.slug)
    ]


def _toolkits(toolkits: list[Toolkit], words: list[str]) -> list[Hit]:
    return [
        Hit(toolkit.name, toolkit.description, toolkit.get_absolute_url(), toolkit.icon or "tools")
        for toolkit in toolkits
        if _holds(words, toolkit.name, toolkit.slug, toolkit.description, *toolkit.tags)
    ]


def _jobs(user: Any, query: str, words: list[str], most: int) -> list[Hit]:
    visible = access.visible_jobs(user)
    try:
        found = list(visible.filter(pk=UUID(query.strip())).defer(*HEAVY))
    except ValueError:
        wanted, light = narrowing.holding(words), visible.defer(*HEAVY)
        found = looked_through(light, wanted, QueryDict(), most, _RECENT_JOBS).rows
    return [_job_hit(job) for job in found]


def _job_hit(job: Job) -> Hit:
    detail = f"{job.get_state_display()} · {job.toolkit_slug}.{job.operation}"
    return Hit(job.title or job.operation, detail, job.get_absolute_url(), "activity")


def _records(user: Any, toolkits: list[Toolkit], words: list[str], most: int) -> list[Hit]:
    usable = [toolkit.pk for toolkit in toolkits if access.can_use(user, toolkit)]
    found = Record.objects.filter(toolkit__in=usable).annotate(text=Cast("data", TextField()))
    for word in words:
        # Text in JSON may stand escaped, which then no plain word matches.
        found = found.filter(Q(text__icontains=word) | Q(text__contains="\\u"))
    hits = []
    records = list(found.order_by("-id")[:_SCANNED_RECORDS])
    owners = access.visible_toolkits(user).in_bulk({record.toolkit_id for record in records})
    for record in records:
        toolkit = owners[record.toolkit_id]
        described = toolkit.collection(record.collection)
        if described is None:
            continue
        collection = Collection(toolkit, described)
        values = [value for key, value in record.data.items() if key not in collection.secret]
        if _holds(words, collection.title, *values):
            address = reverse("record-edit", args=[toolkit.slug, record.collection, record.pk])
            detail = f"{collection.title} · {toolkit.name}"
            hits.append(Hit(collection.label(record), detail, address, "database"))
        if len(hits) >= most:
            break
    return hits


def _documents(toolkits: list[Toolkit], query: str, words: list[str]) -> list[Hit]:
    hits = [
        Hit(
            hit.title,
            hit.excerpt,
            reverse("docs-page", args=[hit.page]) if hit.page else reverse("docs-index"),
            "book-2",
        )
        for hit in handbook.search(query)
    ]
    for toolkit in toolkits:
        version = toolkit.active_version
        if version is None:
            continue
        for title, page, text in _texts(version.pk, version):
            if _holds(words, title, text, toolkit.name):
                arguments = [toolkit.slug, page] if page else [toolkit.slug]
                address = reverse("toolkit-docs", args=arguments)
                hits.append(Hit(title, f"{toolkit.name} {_excerpt(text, words)}", address, "book"))
    return hits


@lru_cache(maxsize=512)
def _texts_of(version_id: int, folder: str) -> tuple[tuple[str, str, str], ...]:
    # An installed version never changes.
    found = documents.files(Path(folder))
    return tuple(
        (documents.title(path), page, documents.read(path, 200_000)) for page, path in found.items()
    )


def _texts(version_id: int, version: ToolkitVersion) -> tuple[tuple[str, str, str], ...]:
    folder = presence.folder_of(version)
    return _texts_of(version_id, str(folder / "docs")) if folder else ()


def _excerpt(text: str, words: list[str]) -> str:
    places = [place for word in words if (place := text.casefold().find(word)) >= 0]
    if not places:
        return ""
    start = max(0, min(places) - _AROUND)
    return f"… {' '.join(text[start : start + 2 * _AROUND].split())} …"


def _admin_pages(request: HttpRequest, words: list[str]) -> list[Hit]:
    if not getattr(request.user, "is_staff", False):
        return []
    return [
        Hit(str(model["name"]), str(app["name"]), model["admin_url"], "settings")
        for app in admin.site.get_app_list(request)
        for model in app["models"]
        if model.get("admin_url") and _holds(words, model["name"], app["name"])
    ]
