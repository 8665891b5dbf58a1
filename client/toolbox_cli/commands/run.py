"""Running an operation."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from toolbox_cli import complete, inputs, starting
from toolbox_cli.app import App, pass_app
from toolbox_cli.commands.toolkits import show_operation, show_operations
from toolbox_cli.events import FINISHED
from toolbox_cli.following import finish, to_the_end
from toolbox_cli.http import given


@click.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@click.argument("operation", shell_complete=complete.operations)
@click.option(
    "-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE", shell_complete=complete.inputs,
    help="An input; repeat it for a list, KEY.PART for a part, KEY=@FILE for what a file holds.",
)  # fmt: skip
@click.option("--inputs", "whole", default="", metavar="JSON", help="All inputs; @FILE, @- too.")
@click.option("--secret", "secret_names", multiple=True, metavar="KEY", help="Ask for this input.")
@click.option("--dry-run", is_flag=True, help="Tell what it would do, and do nothing.")
@click.option("--timeout", type=click.IntRange(1), metavar="SECONDS", help="A shorter limit.")
@click.option("--at", metavar="TIME", help="Start it then: 2026-01-31T02:00:00Z.")
@click.option("-d", "--detach", is_flag=True, help="Print the job's id and do not wait for it.")
@click.option("--key", metavar="TEXT", help="Idempotency key: the same one starts nothing twice.")
@click.pass_context
def run(
    context: click.Context, /, toolkit: str, operation: str, **options: Any
) -> None:
    """Run OPERATION of TOOLKIT: its log on standard error, its result on standard output.

    Ctrl-C cancels the job; a second one leaves it to itself.
    """
    app: App = context.find_object(App) or App()
    client = app.client()
    address = f"toolkits/{quote(toolkit, safe='')}/operations/{quote(operation, safe='')}/"
    described = client.get(address)
    values = inputs.read(described["inputs"], options["pairs"], options["whole"])
    required = set(described["inputs"].get("required", []))
    needed = [name for name in inputs.secrets(described["inputs"]) if name in required]
    values = starting.with_secrets(values, options["secret_names"], needed)
    query = given({"dry_run": options["dry_run"] or None, "timeout": options["timeout"],
                   "run_at": options["at"]})  # fmt: skip
    job = starting.start(client, address, values, query, options["key"])
    if options["detach"] or (options["at"] and job["state"] == "scheduled"):
        app.show(job, lambda _: click.echo(job["id"]))
        return
    app.note(f"job {job['id']}")
    if job["state"] in FINISHED and not job["log"]["lines"]:
        ended = job
    else:
        ended = to_the_end(app, client, job, cancel_on_interrupt=True)
    context.exit(finish(app, ended))


@click.command()
@click.argument("toolkit", shell_complete=complete.toolkits)
@click.argument("operation", required=False, shell_complete=complete.operations)
@pass_app
def operations(app: App, toolkit: str, operation: str | None) -> None:
    """List what TOOLKIT can do, or what OPERATION takes."""
    client = app.client()
    base = f"toolkits/{quote(toolkit, safe='')}/operations/"
    if operation:
        app.show(client.get(f"{base}{quote(operation, safe='')}/"), show_operation)
    else:
        app.show(client.get(base)["results"], show_operations)


COMMANDS = [run, operations]
