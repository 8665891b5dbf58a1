"""Acts on what catalogs offer."""

from __future__ import annotations

from typing import Any

from tests.audit.acts import World, act
from toolkits.models import Catalog


def _offer(w: World) -> str:
    """Offer a newer version of the installed toolkit; returns its slug."""
    newer = {
        "version": "99.0.0",
        "url": "https://catalog.example/newer.zip",
        "digest": "",
        "changelog": "",
        "requires": "",
        "fits": True,
    }
    slug = w.toolkit.slug
    texts = {"name": slug, "description": "", "icon": "", "docs": "", "problem": ""}
    entry = {"slug": slug, **texts, "categories": [], "tags": [], "versions": [newer]}
    Catalog.objects.create(name="ours", url="https://catalog.example/c.json", entries=[entry])
    return str(slug)


@act("POST /catalog/<slug:slug>/install/", "job.requested")
def _install(w: World) -> Any:
    return w.client("curator").post(f"/catalog/{_offer(w)}/install/")


@act("POST /catalog/update/", "job.requested")
def _update(w: World) -> Any:
    _offer(w)
    return w.client("curator").post("/catalog/update/", {"all": "1"})


@act("ACTION toolkits.Toolkit update", "job.requested")
def _update_ticked(w: World) -> Any:
    _offer(w)
    given = {"action": "update", "_selected_action": [w.toolkit.pk]}
    return w.client("curator").post("/admin/toolkits/toolkit/", given)


@act("POST /toolkits/<slug:slug>/pin/", "toolkit.pinned")
def _pin(w: World) -> Any:
    return w.client("curator").post(f"/toolkits/{w.toolkit.slug}/pin/", {"pin": "1"})
