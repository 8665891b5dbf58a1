"""The audit trail: export, and how its chain stands."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from toolbox_cli import output
from toolbox_cli.app import App, pass_app
from toolbox_cli.errors import JOB_FAILED, Unreachable
from toolbox_cli.http import given

_PATIENCE = 600.0


@click.group()
def audit() -> None:
    """The audit trail: list, export, verify."""


def _filtered(command: Any) -> Any:
    for name, text in (
        ("--until", "Before this time."),
        ("--since", "From this time on: 2026-01-31T12:00:00Z, or a date."),
        ("--event", "Name of the event, or its first part: job."),
        ("--actor", "Who acted."),
        ("--severity", "That one; with + whatever is graver besides."),
    ):
        command = click.option(name, help=text)(command)
    return command


@audit.command("list")
@click.option("-n", "most", type=click.IntRange(1), default=50, help="At most so many (50).")
@_filtered
@pass_app
def list_events(app: App, /, most: int, **filters: Any) -> None:
    """List events, the newest first."""
    found = app.client().pages("audit/", most, **filters)
    rows = [{**row, "time": row["time"][:19].replace("T", " ")} for row in found]
    heads = {"time": "time", "name": "event", "actor_label": "actor", "target_label": "target",
             "outcome": "outcome"}  # fmt: skip
    app.show(found, lambda _: output.table(rows, heads, empty="no events"))


@audit.command()
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="File; else stdout.")
@_filtered
@pass_app
def export(app: App, /, kind: str, to: Path | None, **filters: Any) -> None:
    """Export events, the oldest first."""
    query = given({**filters, "format": kind})
    response = app.client().request(
        "GET", "audit/export/", params=query, stream=True, headers={"Accept": "*/*"}
    )
    with response:
        if to is None:
            for chunk in response.iter_content(1 << 16):
                sys.stdout.buffer.write(chunk)
            return
        part = to.with_name(f"{to.name}.part")
        with part.open("wb") as file:
            part.chmod(0o600)
            for chunk in response.iter_content(1 << 16):
                file.write(chunk)
        part.replace(to)
    app.note(f"written to {to}")


@audit.command()
@click.option("--wait/--no-wait", default=True, help="Wait for the verdict.")
@click.pass_context
def verify(context: click.Context, wait: bool) -> None:
    """Have the whole trail verified. Leaves with 1 where it is not whole."""
    app: App = context.find_object(App) or App()
    client = app.client()
    standing = client.post("audit/verify/")
    asked = (standing["running"] or standing["last"] or {}).get("id", 0)
    until = time.monotonic() + _PATIENCE
    while wait and (not standing["last"] or standing["last"]["id"] < asked):
        if time.monotonic() > until:
            raise Unreachable("The verification has not ended yet. Is a scheduler running?")
        time.sleep(1)
        standing = client.get("audit/verify/")
    app.show(standing, lambda _: _draw(standing, wait=wait))
    last = standing["last"] or {}
    context.exit(JOB_FAILED if wait and not last.get("whole") else 0)


def _draw(standing: dict[str, Any], *, wait: bool) -> None:
    last = standing["last"] if wait else None
    if last is None:
        click.echo("asked for; toolbox audit verify tells the verdict")
        return
    click.echo(f"{'whole' if last['whole'] else 'NOT WHOLE'}: {last['events']} events checked")
    for finding in last["findings"]:
        click.echo(output.clean(f"  {finding['sequence']}: {finding['text']}"))


COMMANDS = [audit]
