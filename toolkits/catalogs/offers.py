"""What the catalogs offer: found, compared with what is installed, and installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from toolbox.fetching import FetchError, fetch
from toolkits.bundles import planning, semver, staging
from toolkits.bundles.planning import PlanOptions
from toolkits.errors import BundleError, NotUsable
from toolkits.models import Catalog, InstallPlan, Toolkit

_MOST_SECONDS = 300.0


@dataclass(frozen=True)
class Offer:
    """A toolkit of a catalog. ``newest`` is its newest version that fits this platform."""

    catalog: Catalog
    entry: dict[str, Any]
    installed: Toolkit | None

    @property
    def slug(self) -> str:
        return str(self.entry["slug"])

    @property
    def newest(self) -> dict[str, Any] | None:
        fitting = (version for version in self.entry["versions"] if version["fits"])
        return next(fitting, None)

    @property
    def problem(self) -> str:
        """Why it cannot be installed here; empty when it can."""
        if self.entry["problem"]:
            return str(self.entry["problem"])
        if self.newest is None:
            wanted = self.entry["versions"][0]["requires"]
            return f"It needs another version of the platform: {wanted}."
        return ""

    @property
    def update(self) -> dict[str, Any] | None:
        """The newer version that the installed toolkit could have; None without one."""
        active = self.installed.active_version if self.installed else None
        newest = self.newest
        if active is None or newest is None or self.problem:
            return None
        newer = semver.key(newest["version"]) > semver.key(active.version)
        return newest if newer else None


def offers(query: str = "", category: str = "") -> list[Offer]:
    """Everything on offer, by name; ``query`` is looked for in names, descriptions and tags."""
    catalogs = list(Catalog.objects.filter(enabled=True))
    if not catalogs:
        return []
    installed = {
        toolkit.slug: toolkit
        for toolkit in Toolkit.objects.installed().select_related("active_version").light()
    }
    found = [
        Offer(catalog, entry, installed.get(entry["slug"]))
        for catalog in catalogs
        for entry in catalog.entries
        if _matches(entry, query.casefold(), category)
    ]
    return sorted(found, key=lambda offer: (offer.entry["name"].casefold(), offer.catalog.name))


def of(toolkit: Toolkit) -> list[Offer]:
    """What the catalogs offer of an installed toolkit."""
    return [
        Offer(catalog, entry, toolkit)
        for catalog in Catalog.objects.filter(enabled=True)
        for entry in catalog.entries
        if entry["slug"] == toolkit.slug
    ]


def _matches(entry: dict[str, Any], query: str, category: str) -> bool:
    if category and category not in entry["categories"]:
        return False
    texts = [entry["slug"], entry["name"], entry["description"], *entry["tags"]]
    return not query or any(query in text.casefold() for text in texts)


def updates() -> Iterator[Offer]:
    """Offers that would update an installed toolkit that is not pinned."""
    for offer in offers():
        if offer.update is not None and offer.installed and not offer.installed.pinned:
            yield offer


def newest_updates() -> dict[str, Offer]:
    """The best update of each toolkit that is not pinned, by its slug."""
    found: dict[str, Offer] = {}
    for offer in updates():
        known = found.get(offer.slug)
        if known is None or semver.key(_version_of(offer)) > semver.key(_version_of(known)):
            found[offer.slug] = offer
    return found


def find(slug: str, catalog: str = "") -> Offer | None:
    """The offer of a toolkit; of several catalogs, the one with the newest version."""
    found = [
        offer for offer in offers() if offer.slug == slug and catalog in ("", offer.catalog.name)
    ]
    usable = [offer for offer in found if not offer.problem]
    if usable:
        return max(usable, key=lambda offer: semver.key(_version_of(offer)))
    return found[0] if found else None


def _version_of(offer: Offer) -> str:
    return str(offer.newest["version"]) if offer.newest else "0.0.0"


def plan_offer(offer: Offer, user: Any, *, version: str = "", via: str) -> InstallPlan:
    """Fetch the bundle of an offer and plan its installation.

    Raises ``NotUsable``, ``FetchError`` or ``BundleError``; a bundle that is not the one that
    the catalog's digest names is refused.
    """
    chosen = _chosen(offer, version)
    name = f"{offer.slug}-{chosen['version']}.zip"
    plan = planning.open_plan(name, user=user, via=via, options=PlanOptions(slug=offer.slug))
    with staging.private_folder() as folder:
        return check_offer(plan, offer, folder, version=version)


def _chosen(offer: Offer, version: str) -> dict[str, Any]:
    if offer.problem:
        raise NotUsable(offer.problem)
    chosen = offer.newest
    if version:
        chosen = next((v for v in offer.entry["versions"] if v["version"] == version), None)
    if chosen is None:
        raise NotUsable(
            gettext("%(catalog)s has no version %(version)s of %(slug)s.")
            % {"catalog": offer.catalog, "version": version, "slug": offer.slug}
        )
    return chosen


def check_offer(plan: InstallPlan, offer: Offer, folder: Path, *, version: str = "") -> InstallPlan:
    """Fetch the bundle of an offer into ``folder`` and fill in its plan, as ``plan_offer``."""
    chosen = _chosen(offer, version)
    target = folder / f"{offer.slug}-{chosen['version']}.zip"
    try:
        fetch(
            chosen["url"],
            target,
            most_bytes=settings.TOOLKIT_UPLOAD_MAX_BYTES,
            most_seconds=_MOST_SECONDS,
            allow_private=settings.TOOLKIT_CATALOG_ALLOW_PRIVATE,
            # A site far away names no file of this host, even one that the settings name.
            allow_file=offer.catalog.from_settings and offer.catalog.url.startswith("file:"),
        )
    except FetchError as error:
        planning.refuse(plan, BundleError(str(error), where=chosen["url"][:200]))
        raise
    planning.check(plan, target)
    if chosen["digest"] and plan.digest != chosen["digest"]:
        wrong = BundleError(
            "the bundle is not the one that the catalog names: its digest is another",
            where=chosen["url"][:200],
            hint="Tell whoever keeps the catalog.",
        )
        planning.refuse(plan, wrong)
        raise wrong
    return plan
