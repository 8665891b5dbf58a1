"""``toolkit install``: plan, show, confirm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from toolkits.bundles import leftovers, manifest, planning, presence, storage
from toolkits.bundles.install import confirm
from toolkits.bundles.planning import PlanOptions
from toolkits.bundles.source import Bundle
from toolkits.cli.users import acting_user
from toolkits.errors import BundleError
from toolkits.models import InstallPlan, Toolkit


def add_arguments(actions: Any) -> None:
    """Declare the subcommand."""
    install = actions.add_parser("install", help="install or update from a zip or folder")
    install.add_argument("source", type=Path, nargs="+")
    install.add_argument("--plan", action="store_true", help="only say what would change")
    install.add_argument("--json", action="store_true", help="with --plan: the plan as JSON")
    install.add_argument("--allow-downgrade", action="store_true")
    install.add_argument("--disabled", action="store_true", help="do not enable it")
    install.add_argument("--bundled", action="store_true", help="it ships with the platform")
    install.add_argument(
        "--ask-consent", action="store_true",
        help="refuse a version that asks for more than its predecessor was given",
    )  # fmt: skip
    install.add_argument("--user", help="act as this user (default: the first administrator)")


def install(options: dict[str, Any], out: Any) -> None:
    """Install each source in turn; one that is refused does not keep the others back."""
    leftovers.sweep()
    refused = []
    for source in options["source"]:
        try:
            _install_one(source, options, out)
        except BundleError as error:
            refused.append(f"{source}: {error.advised}")
    if refused:
        raise CommandError("\n".join(refused))


def _install_one(source: Path, options: dict[str, Any], out: Any) -> None:
    if options["bundled"] and (why := _left_alone(source)):
        out.write(why)
        return
    user = acting_user(options.get("user"))
    wanted = PlanOptions(
        allow_downgrade=options["allow_downgrade"],
        enable=not options["disabled"],
        bundled=options["bundled"],
    )
    plan = planning.make_plan(source, user=user, via="cli", options=wanted)
    if options["plan"]:
        planning.discard(plan, user)
        out.write(_as_json(plan) if options["json"] else "\n".join(told(plan)))
        return
    version = confirm(plan, user, digest=plan.digest, consent=not options["ask_consent"])
    count = len(version.description.get("operations", []))
    word = "operation" if count == 1 else "operations"
    out.write(f"{plan.slug} {version.version} is active: {count} {word}.")


def _left_alone(source: Path) -> str:
    """Why a bundled toolkit is left as it is, for the one who reads the log; empty otherwise.

    Somebody removed it, or holds it at its version; or its very content is active and whole
    already: each start of the embedded stack passes here, and nothing is described anew.
    """
    with Bundle(source) as bundle:
        slug = manifest.read(bundle).slug
        toolkit = Toolkit.objects.select_related("active_version").filter(slug=slug).first()
        if toolkit is None:
            return ""
        if toolkit.removed_at is not None:
            return f"{slug} was removed by an administrator and is left so."
        active = toolkit.active_version
        if active is None:
            return ""
        if toolkit.pinned:
            return f"{slug} is held at {active.version} and is left so."
        same = storage.digest_of(bundle) == active.digest
    if not same or storage.verify(active.path, active.digest):
        return ""
    presence.ensure(active)
    return f"{slug} {active.version} is active already."


def _as_json(plan: InstallPlan) -> str:
    body = {
        "slug": plan.slug,
        "version": plan.version,
        "digest": plan.digest,
        "signature": plan.signature,
        "changes": plan.changes,
    }
    return json.dumps(body, indent=2)


def told(plan: InstallPlan) -> list[str]:
    """The plan in lines for a terminal."""
    changes = plan.changes
    before = plan.base_version.version if plan.base_version else "nothing"
    lines = [
        f"{plan.slug} {plan.version} ({changes['kind']}; now: {before})",
        f"  digest     {plan.digest}",
        f"  signature  {plan.signature['status']} {plan.signature['signer']}".rstrip(),
        "  platform   needs {requires}; this is {version}".format(**changes["platform"]),
    ]
    for kind in ("operations", "collections", "cards"):
        lines += _told_names(kind, changes[kind])
    lines += [f"  settings   ~ {text}" for text in changes["settings"]]
    lines += [f"  packages   + {name}" for name in changes["packages"]["added"]]
    lines += [f"  packages   - {name}" for name in changes["packages"]["removed"]]
    lines += [f"  packages   ~ {text}" for text in changes["packages"]["changed"]]
    lines += [f"  asks       + {text}" for text in changes["permissions"]["added"].values()]
    lines += [f"  asks       - {text}" for text in changes["permissions"]["removed"]]
    lines += [f"  breaks     ! {b['kind']} {b['label']}: {b['problem']}" for b in changes["breaks"]]
    lines += [f"  warning    ! {text}" for text in changes["warnings"]]
    return lines


def _told_names(kind: str, found: dict[str, Any]) -> list[str]:
    lines = [f"  {kind:<10} + {name}" for name in found["added"]]
    lines += [f"  {kind:<10} - {name}" for name in found["removed"]]
    for name, texts in found["changed"].items():
        lines += [f"  {kind:<10} ~ {name}: {text}" for text in texts]
    return lines
