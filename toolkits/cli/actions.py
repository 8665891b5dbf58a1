"""Install, list, enable, disable and pack."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from toolkits import lifecycle
from toolkits.bundles import manifest
from toolkits.bundles.install import install_bundle
from toolkits.bundles.pack import pack as pack_bundle
from toolkits.bundles.source import Bundle
from toolkits.cli.users import acting_user
from toolkits.models import Toolkit


def add_arguments(actions: Any) -> None:
    """Declare the subcommands."""
    install = actions.add_parser("install", help="install or update from a zip or folder")
    install.add_argument("source", type=Path)
    install.add_argument("--allow-downgrade", action="store_true")
    install.add_argument("--disabled", action="store_true", help="do not enable it")
    install.add_argument("--bundled", action="store_true", help="mark it as shipped with the platform")
    listing = actions.add_parser("list", help="list installed toolkits")
    listing.add_argument("--json", action="store_true")
    for name in ("enable", "disable"):
        actions.add_parser(name, help=f"{name} a toolkit").add_argument("slug")
    pack = actions.add_parser("pack", help="make a zip from a folder")
    pack.add_argument("source", type=Path)
    pack.add_argument("--output", type=Path)
    run = actions.add_parser("run", help="run an operation to its end")
    run.add_argument("slug")
    run.add_argument("operation")
    run.add_argument("--input", action="append", default=[], metavar="KEY=VALUE")
    run.add_argument("--inputs", metavar="JSON", help="all inputs as one JSON object, or @file")
    run.add_argument("--dry-run", action="store_true")
    run.add_argument("--timeout", type=int, metavar="SECONDS")
    for parser in (install, run):
        parser.add_argument("--user", help="act as this user (default: the first administrator)")


def find(slug: str) -> Toolkit:
    """Return an installed toolkit or say which there are."""
    installed = Toolkit.objects.installed().select_related("active_version")
    toolkit = installed.filter(slug=slug).first()
    if toolkit is None:
        known = ", ".join(installed.values_list("slug", flat=True).order_by("slug")) or "none"
        raise CommandError(f"There is no toolkit {slug!r}. Installed: {known}.")
    return toolkit


def install(options: dict[str, Any], out: Any) -> None:
    """Install or update from a zip or folder."""
    if options["bundled"] and (removed := _removed(options["source"])):
        out.write(f"{removed} was removed by an administrator and is left so.")
        return
    version = install_bundle(
        options["source"],
        user=acting_user(options.get("user")),
        via="cli",
        allow_downgrade=options["allow_downgrade"],
        enable=not options["disabled"],
        bundled=options["bundled"],
    )
    operations = len(version.description.get("operations", []))
    out.write(f"{version.toolkit.slug} {version.version} is active: {operations} operations.")


def _removed(source: Path) -> str:
    """The slug of a bundled toolkit that somebody removed: it stays removed at the next start."""
    with Bundle(source) as bundle:
        slug = manifest.read(bundle).slug
    return slug if Toolkit.objects.filter(slug=slug, removed_at__isnull=False).exists() else ""


def listing(options: dict[str, Any], out: Any) -> None:
    """List installed toolkits."""
    toolkits = Toolkit.objects.installed().select_related("active_version").order_by("slug")
    rows = [
        {
            "slug": toolkit.slug,
            "version": toolkit.active_version.version if toolkit.active_version else "",
            "enabled": toolkit.enabled,
            "name": toolkit.name,
        }
        for toolkit in toolkits
    ]
    if options["json"]:
        out.write(json.dumps(rows, indent=2))
        return
    for row in rows:
        state = "enabled" if row["enabled"] else "disabled"
        out.write(f"{row['slug']:<24} {row['version']:<12} {state:<9} {row['name']}")


def enable(options: dict[str, Any], out: Any) -> None:
    """Enable a toolkit."""
    lifecycle.enable(find(options["slug"]), None)
    out.write(f"{options['slug']} is enabled.")


def disable(options: dict[str, Any], out: Any) -> None:
    """Disable a toolkit."""
    lifecycle.disable(find(options["slug"]), None)
    out.write(f"{options['slug']} is disabled.")


def pack(options: dict[str, Any], out: Any) -> None:
    """Make a zip from a folder."""
    source: Path = options["source"]
    target = options["output"] or Path(f"{source.resolve().name}.zip")
    out.write(f"wrote {pack_bundle(source, target)}")


ACTIONS: dict[str, Callable[[dict[str, Any], Any], None]] = {
    "install": install,
    "list": listing,
    "enable": enable,
    "disable": disable,
    "pack": pack,
}
