"""Toolkits: what there is, installing, switching on and off, going back, removing."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from toolbox_cli import complete, output
from toolbox_cli.app import App, pass_app
from toolbox_cli.errors import ClientError
from toolbox_cli.http import Client

_UPLOAD_TIMEOUT = (10.0, 600.0)


@click.group()
def toolkits() -> None:
    """Toolkits: list, show, install, update, enable, disable, roll back, remove."""


def address(slug: str, *parts: str) -> str:
    """The API's address of a toolkit or of something of it."""
    return "/".join(["toolkits", *(quote(part, safe="") for part in (slug, *parts)), ""])


@toolkits.command("list")
@click.argument("words", required=False, default="")
@click.option("--enabled/--disabled", default=None, help="Only those.")
@click.option("-n", "most", type=click.IntRange(1), default=1000, help="At most so many (1000).")
@pass_app
def list_toolkits(app: App, words: str, enabled: bool | None, most: int) -> None:
    """List the toolkits that you may use, narrowed by WORDS."""
    found = app.client().pages("toolkits/", most, enabled=enabled, q=words)
    heads = {"slug": "toolkit", "version": "version", "enabled": "enabled", "name": "name"}
    app.show(found, lambda rows: output.table(rows, heads, empty="no toolkits"))


@toolkits.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@pass_app
def show(app: App, toolkit: str) -> None:
    """Show TOOLKIT and what it can do."""
    client = app.client()
    found = client.get(address(toolkit))
    names = ("slug", "name", "version", "enabled", "pinned", "description", "license", "homepage")

    def draw(row: dict[str, Any]) -> None:
        output.facts((name, row[name]) for name in names)
        click.echo()
        show_operations(row["operations"])

    app.show(found, draw)


def show_operations(rows: list[dict[str, Any]]) -> None:
    """Operations in lines."""
    full = bool(rows) and "effect" in rows[0]
    heads = {"name": "operation", **({"effect": "effect"} if full else {}), "title": "title"}
    output.table(rows, heads, empty="no operations")


def show_operation(row: dict[str, Any]) -> None:
    """An operation and its inputs in lines."""
    names = ("name", "title", "description", "effect", "timeout", "requires_approval", "dry_run")
    output.facts((name.replace("_", " "), row[name]) for name in names)
    click.echo()
    schema = row["inputs"]
    required = set(schema.get("required", []))
    rows = [
        {
            "name": name,
            "type": _type(given, schema),
            "required": name in required,
            "default": given.get("default"),
            "about": given.get("description") or given.get("title", ""),
        }
        for name, given in schema.get("properties", {}).items()
    ]
    heads = {key: key for key in ("name", "type", "required", "default", "about")}
    output.table(rows, {**heads, "name": "input"}, empty="it takes no inputs")


def _type(given: dict[str, Any], root: dict[str, Any]) -> str:
    if "$ref" in given:
        given = root.get("$defs", {}).get(str(given["$ref"]).rpartition("/")[2], {})
    options = given.get("anyOf") or given.get("oneOf")
    if options:
        return " or ".join(_type(option, root) for option in options)
    if "enum" in given:
        return "|".join(str(value) for value in given["enum"])
    if given.get("type") == "array":
        return f"list of {_type(given.get('items') or {}, root)}"
    mark = "secret " if given.get("x-secret") else "file " if given.get("x-file") else ""
    return mark + str(given.get("type", "any"))


@toolkits.command()
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--plan", "only_plan", is_flag=True, help="Only say what would change.")
@click.option("-y", "--yes", is_flag=True, help="Install without asking, consenting to the plan.")
@click.option("--allow-downgrade", is_flag=True, help="Also where a newer one is installed.")
@click.option("--disabled", is_flag=True, help="Do not enable a new one.")
@pass_app
def install(
    app: App, bundle: Path, only_plan: bool, yes: bool, allow_downgrade: bool, disabled: bool
) -> None:
    """Install or update from a BUNDLE: the plan is shown, and confirmed by you or --yes."""
    client = app.client()
    with bundle.open("rb") as content:
        query = {"plan": "true", "allow_downgrade": str(allow_downgrade).lower(),
                 "enable": str(not disabled).lower()}  # fmt: skip
        plan = client.request(
            "POST", "toolkits/install/", params=query, timeout=_UPLOAD_TIMEOUT,
            files={"bundle": (bundle.name, content, "application/zip")},
        ).json()  # fmt: skip
    confirm_plan(app, client, plan, only_plan=only_plan, yes=yes)


@toolkits.command("catalog")
@click.argument("words", required=False, default="")
@pass_app
def catalog(app: App, words: str) -> None:
    """List what catalogs offer, narrowed by WORDS."""
    found = app.client().get("catalog/", q=words)["results"]
    rows = [{**row, "version": (row["versions"] or [{}])[0].get("version")} for row in found]
    heads = {"slug": "toolkit", "version": "newest", "installed": "installed", "name": "name"}
    app.show(found, lambda _: output.table(rows, heads, empty="nothing is on offer"))


@toolkits.command("add")
@click.argument("slug")
@click.option("--version", default="", help="Which one, instead of the newest.")
@click.option("--plan", "only_plan", is_flag=True, help="Only say what would change.")
@click.option("-y", "--yes", is_flag=True, help="Install without asking, consenting to the plan.")
@pass_app
def add(app: App, slug: str, version: str, only_plan: bool, yes: bool) -> None:
    """Install SLUG from a catalog: the plan is shown, and confirmed by you or --yes."""
    client = app.client()
    plan = client.post(
        f"catalog/{quote(slug, safe='')}/install/", {"version": version},
        params={"plan": "true"}, timeout=_UPLOAD_TIMEOUT,
    )  # fmt: skip
    confirm_plan(app, client, plan, only_plan=only_plan, yes=yes)


def confirm_plan(
    app: App, client: Client, plan: dict[str, Any], *, only_plan: bool, yes: bool
) -> None:
    """Show a plan, and confirm exactly it or give it up."""
    if not app.json or not only_plan:
        for line in told(plan):
            click.echo(line, err=not only_plan)
    if only_plan:
        client.delete(plan["url"])
        if app.json:
            output.as_json(plan)
        return
    if not yes and not click.confirm("Install this?", err=True):
        client.delete(plan["url"])
        raise ClientError("Nothing was installed.")
    body = {"digest": plan["digest"], "consent": True}
    made = client.post(plan["url"], body, timeout=_UPLOAD_TIMEOUT)
    line = f"{made['slug']} {made['version']} is active: {len(made['operations'])} operations."
    app.show(made, lambda _: click.echo(line))


def told(plan: dict[str, Any]) -> list[str]:
    """A plan in lines."""
    changes, signature = plan["changes"] or {}, plan["signature"] or {}
    before = plan["base_version"] or "nothing"
    lines = [
        f"{plan['slug']} {plan['version']} ({changes.get('kind', '?')}; installed: {before})",
        f"  digest       {plan['digest']}",
        f"  signature    {signature.get('status', 'none')} {signature.get('signer', '')}".rstrip(),
    ]
    for kind in ("operations", "collections", "cards"):
        part = changes.get(kind) or {}
        lines += [f"  {kind:<12} + {name}" for name in part.get("added", [])]
        lines += [f"  {kind:<12} - {name}" for name in part.get("removed", [])]
        for name, texts in part.get("changed", {}).items():
            lines += [f"  {kind:<12} ~ {name}: {text}" for text in texts]
    lines += [f"  settings     ~ {text}" for text in changes.get("settings", [])]
    packages, asks = changes.get("packages") or {}, changes.get("permissions") or {}
    lines += [f"  packages     + {name}" for name in packages.get("added", [])]
    lines += [f"  packages     - {name}" for name in packages.get("removed", [])]
    lines += [f"  packages     ~ {text}" for text in packages.get("changed", [])]
    lines += [f"  asks for     + {text}" for text in (asks.get("added") or {}).values()]
    lines += [f"  asks for     - {text}" for text in asks.get("removed") or []]
    for broken in changes.get("breaks", []):
        lines.append(f"  breaks       ! {broken['kind']} {broken['label']}: {broken['problem']}")
    lines += [f"  warning      ! {text}" for text in changes.get("warnings", [])]
    return [output.clean(line) for line in lines]


def _switch(app: App, toolkit: str, change: dict[str, Any]) -> None:
    made = app.client().patch(address(toolkit), change)
    state = "enabled" if made["enabled"] else "disabled"
    app.show(made, lambda _: click.echo(f"{toolkit} {made['version']} is {state}."))


@toolkits.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@pass_app
def enable(app: App, toolkit: str) -> None:
    """Let people use TOOLKIT."""
    _switch(app, toolkit, {"enabled": True})


@toolkits.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@pass_app
def disable(app: App, toolkit: str) -> None:
    """Take TOOLKIT out of use. Running jobs go on."""
    _switch(app, toolkit, {"enabled": False})


@toolkits.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@pass_app
def versions(app: App, toolkit: str) -> None:
    """List the versions of TOOLKIT that can be gone back to."""
    found = app.client().get(address(toolkit, "versions"))["results"]
    heads = {"version": "version", "active": "active", "digest": "digest", "created_at": "since"}
    app.show(found, lambda rows: output.table(rows, heads))


@toolkits.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@click.option("--digest", help="Which one, instead of the one before.")
@pass_app
def rollback(app: App, toolkit: str, digest: str | None) -> None:
    """Go back to the version of TOOLKIT before."""
    made = app.client().post(address(toolkit, "rollback"), {"digest": digest} if digest else {})
    app.show(made, lambda _: click.echo(f"{toolkit} {made['version']} is active."))


@toolkits.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@click.option("--purge", default="", help="Data to delete with it: records,jobs,….")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_app
def remove(app: App, toolkit: str, purge: str, yes: bool) -> None:
    """Remove TOOLKIT. Its data stays, but for what --purge names."""
    client = app.client()
    what = f" with its {purge}" if purge else ""
    if not yes and not click.confirm(f"Remove {toolkit}{what}?", err=True):
        raise ClientError("Nothing was removed.")
    client.delete(address(toolkit), purge=purge)
    app.note(f"{toolkit} was removed.")


COMMANDS = [toolkits]
