"""``toolkit list|enable|disable|rollback|uninstall|pin|unpin``."""

from __future__ import annotations

import json
from typing import Any

from toolkits import lifecycle
from toolkits.cli.finding import find, find_version
from toolkits.cli.users import acting_user
from toolkits.models import Toolkit


def add_arguments(actions: Any) -> None:
    """Declare the subcommands."""
    listing = actions.add_parser("list", help="list installed toolkits")
    listing.add_argument("--json", action="store_true")
    helps = {
        "enable": "let people use a toolkit",
        "disable": "take new runs of a toolkit no more",
        "rollback": "make a kept version active again",
        "uninstall": "remove a toolkit; its data is kept unless --purge names it",
        "pin": "switch updates of a toolkit off",
        "unpin": "switch them on again",
    }
    for name, text in helps.items():
        parser = actions.add_parser(name, help=text)
        parser.add_argument("slug")
        parser.add_argument("--user", help="act as this user (default: the first administrator)")
        if name == "rollback":
            parser.add_argument("--to", metavar="VERSION", help="default: the one before")
        if name == "uninstall":
            parser.add_argument("--purge", nargs="*", choices=[*lifecycle.DATA, "all"], default=[])


def listing(options: dict[str, Any], out: Any) -> None:
    """List installed toolkits."""
    toolkits = Toolkit.objects.installed().select_related("active_version").order_by("slug")
    rows = [
        {
            "slug": toolkit.slug,
            "version": toolkit.active_version.version if toolkit.active_version else "",
            "enabled": toolkit.enabled,
            "pinned": toolkit.pinned,
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
    lifecycle.enable(find(options["slug"]), acting_user(options["user"]))
    out.write(f"{options['slug']} is enabled.")


def disable(options: dict[str, Any], out: Any) -> None:
    """Disable a toolkit."""
    lifecycle.disable(find(options["slug"]), acting_user(options["user"]))
    out.write(f"{options['slug']} is disabled.")


def rollback(options: dict[str, Any], out: Any) -> None:
    """Go back to a kept version."""
    toolkit = find(options["slug"])
    wanted = find_version(toolkit, options["to"]) if options["to"] else None
    user = acting_user(options["user"])
    version = lifecycle.rollback(toolkit, user, version=wanted, via="cli")
    out.write(f"{toolkit.slug} {version.version} is active again.")


def uninstall(options: dict[str, Any], out: Any) -> None:
    """Remove a toolkit."""
    purge = lifecycle.DATA if "all" in options["purge"] else options["purge"]
    user = acting_user(options["user"])
    lifecycle.uninstall(find(options["slug"]), user, purge=purge, via="cli")
    what = f"its {', '.join(purge)} were deleted" if purge else "its data is kept"
    out.write(f"{options['slug']} is removed; {what}.")


def pin(options: dict[str, Any], out: Any) -> None:
    """Switch updates off."""
    lifecycle.pin(find(options["slug"]), acting_user(options["user"]), pinned=True)
    out.write(f"{options['slug']} is not updated any more.")


def unpin(options: dict[str, Any], out: Any) -> None:
    """Switch updates on again."""
    lifecycle.pin(find(options["slug"]), acting_user(options["user"]), pinned=False)
    out.write(f"{options['slug']} can be updated again.")
