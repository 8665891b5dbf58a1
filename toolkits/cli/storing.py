"""``toolkit store``: the bundles of installed toolkits, between this host and the bundle store."""

from __future__ import annotations

from typing import Any

from toolkits.bundles import leftovers, presence, store
from toolkits.errors import BundleError
from toolkits.models import Toolkit, ToolkitVersion


def add_arguments(actions: Any) -> None:
    """Declare the subcommand."""
    actions.add_parser(
        "store", help="put what the bundle store lacks into it, and fetch what this host lacks"
    )


def synchronise(options: dict[str, Any], out: Any) -> None:
    """Put kept versions into the store, and have the active ones ready on this host."""
    leftovers.sweep()
    active = set(Toolkit.objects.installed().values_list("active_version", flat=True))
    failed: list[str] = []
    for version in ToolkitVersion.objects.select_related("toolkit").order_by("toolkit__slug", "pk"):
        label = f"{version.toolkit.slug} {version.version}"
        try:
            done = _put(version)
            if version.pk in active and not presence.is_here(version):
                presence.ensure(version)
                done.append("ready on this host")
        except BundleError as error:
            failed.append(f"{label}: {error}")
            continue
        out.write(f"{label}: {', '.join(done) or 'nothing to do'}")
    if failed:
        raise BundleError("; ".join(failed))


def _put(version: ToolkitVersion) -> list[str]:
    if not version.path.is_dir() or store.holds(version.digest):
        return []
    store.put(version.path, version.digest)
    return ["put into the store"]
