"""Schedules: list, show, create, change, pause, resume, run now, delete."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import click

from toolbox_cli import complete, ids, inputs, output, starting
from toolbox_cli.app import App, pass_app
from toolbox_cli.errors import USAGE, ClientError
from toolbox_cli.following import finish, to_the_end
from toolbox_cli.http import Client

_SCHEDULE = click.argument("schedule", shell_complete=complete.schedules)


@click.group()
def schedules() -> None:
    """Schedules: list, show, create, change, pause, resume, run, delete."""


def address(schedule: str, *parts: str) -> str:
    """The API's address of a schedule or of something of it."""
    return "/".join(["schedules", ids.checked(schedule, "schedule"), *parts, ""])


@schedules.command("list")
@click.option("-n", "most", type=click.IntRange(1), default=200, help="At most so many (200).")
@pass_app
def list_schedules(app: App, most: int) -> None:
    """List the schedules that you see."""
    found = app.client().pages("schedules/", most)
    rows = [
        {
            **row,
            "runs": f"{row['toolkit']} {row['operation']}",
            "when": _when(row),
            "next_run_at": (row["next_run_at"] or "–")[:19].replace("T", " "),
        }
        for row in found
    ]
    heads = {"id": "schedule", "name": "name", "runs": "runs", "when": "when",
             "paused": "paused", "next_run_at": "next"}  # fmt: skip
    app.show(found, lambda _: output.table(rows, heads, empty="no schedules"))


def _when(row: dict[str, Any]) -> str:
    if row["kind"] == "cron":
        return f"{row['cron']} {row['time_zone']}"
    return f"every {row['interval_seconds']} s" if row["kind"] == "interval" else str(row["run_at"])


@schedules.command()
@_SCHEDULE
@pass_app
def show(app: App, schedule: str) -> None:
    """Show SCHEDULE and when it runs next."""
    found = app.client().get(address(schedule))
    names = ("name", "toolkit", "operation", "inputs", "owner", "paused", "problem", "next_runs")
    pairs = [("when", _when(found)), *((name.replace("_", " "), found[name]) for name in names)]
    app.show(found, lambda _: output.facts(pairs))


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text.strip())
    if not found:
        raise click.BadParameter("write seconds, or 5m, 2h, 1d")
    return int(found[1]) * _UNITS[found[2] or "s"]


def _options(command: Any) -> Any:
    """What making and changing have in common."""
    for option in reversed((
        click.option("--cron", metavar="EXPRESSION", help="When: '0 2 * * *'."),
        click.option("--every", metavar="TIME", callback=_seconds, help="When: 300, 5m, 2h, 1d."),
        click.option("--at", metavar="TIME", help="When, once: 2026-01-31T02:00:00Z."),
        click.option("--time-zone", metavar="ZONE", help="Of the expression: Europe/Berlin (UTC)."),
        click.option("-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE",
                     shell_complete=complete.inputs, help="An input, as toolbox run takes it."),
        click.option("--inputs", "whole", default="", metavar="JSON",
                     help="All inputs; @FILE, @- too."),
        click.option("--secret", "secrets", multiple=True, metavar="KEY",
                     help="Ask for this input."),
        click.option("--owner", metavar="ROLE",
                     help="Role that it belongs to; yours, where you have one alone."),
        click.option("--dry-run/--no-dry-run", default=None, help="Tell what it would do."),
        click.option("--timeout", "timeout_seconds", type=click.IntRange(1), metavar="SECONDS",
                     help="A shorter limit for each run."),
        click.option("--jitter", "jitter_seconds", metavar="TIME", callback=_seconds,
                     help="Start up to so much later, at random."),
        click.option("--overlap", type=click.Choice(["skip", "queue", "parallel", "replace"]),
                     help="When the run before it has not ended."),
        click.option("--missed", type=click.Choice(["skip", "once", "all"]),
                     help="When its time passed while no scheduler was there."),
    )):  # fmt: skip
        command = option(command)
    return command


_KEPT = ("time_zone", "dry_run", "timeout_seconds", "jitter_seconds", "overlap", "missed", "owner")


def _body(options: dict[str, Any]) -> dict[str, Any]:
    """The API's fields of what was given."""
    body = {name: options[name] for name in _KEPT if options[name] is not None}
    times = {"cron": ("cron", "cron"), "every": ("interval", "interval_seconds"),
             "at": ("once", "run_at")}  # fmt: skip
    given = [name for name in times if options[name] is not None]
    if len(given) > 1:
        raise ClientError("Give one of --cron, --every and --at.", USAGE)
    for name in given:
        body["kind"], body[times[name][1]] = times[name][0], options[name]
    return body


def _inputs(
    client: Client, toolkit: str, operation: str, options: dict[str, Any], *, new: bool
) -> dict[str, Any] | None:
    """The inputs that were given; None where none were."""
    if not new and not options["pairs"] and not options["whole"] and not options["secrets"]:
        return None
    slug, name = quote(toolkit, safe=""), quote(operation, safe="")
    schema = client.get(f"toolkits/{slug}/operations/{name}/")["inputs"]
    values = inputs.read(schema, options["pairs"], options["whole"])
    required = schema.get("required", []) if new else []
    needed = [name for name in inputs.secrets(schema) if name in required]
    return starting.with_secrets(values, options["secrets"], needed)


@schedules.command()
@click.argument("name")
@click.argument("toolkit", shell_complete=complete.toolkits)
@click.argument("operation", shell_complete=complete.operations)
@_options
@pass_app
def create(app: App, /, name: str, toolkit: str, operation: str, **options: Any) -> None:
    """Run OPERATION of TOOLKIT by itself, under NAME, when --cron, --every or --at says.

    It belongs to a role, not to you, so that it goes on when you have left.
    """
    client, body = app.client(), _body(options)
    if "kind" not in body:
        raise ClientError("Say when: --cron, --every or --at.", USAGE)
    if "owner" not in body:
        body["owner"] = _own_role(client)
    body |= {"name": name, "toolkit": toolkit, "operation": operation,
             "inputs": _inputs(client, toolkit, operation, options, new=True)}  # fmt: skip
    made = client.post("schedules/", body)
    app.show(made, lambda row: click.echo(row["id"]))
    app.note(f"next: {made['next_run_at'] or 'never'}")


def _own_role(client: Client) -> str:
    roles = client.get("auth/me/")["roles"]
    if len(roles) != 1:
        listed = ", ".join(roles) or "none"
        raise ClientError(f"Say which role it belongs to: --owner. Yours: {listed}.", USAGE)
    return str(roles[0])


@schedules.command()
@_SCHEDULE
@click.option("--name", help="Another name.")
@click.option("--operation", help="Another operation of its toolkit.")
@_options
@pass_app
def change(
    app: App, /, schedule: str, name: str | None, operation: str | None, **options: Any
) -> None:
    """Change what is given of SCHEDULE; the rest stays, inputs and secrets too."""
    client, body = app.client(), _body(options)
    found = client.get(address(schedule))
    body |= {key: value for key, value in (("name", name), ("operation", operation)) if value}
    operation = operation or found["operation"]
    given = _inputs(client, found["toolkit"], operation, options, new=False)
    if given is not None:
        kept = {key: value for key, value in found["inputs"].items() if value != output.MASK}
        body["inputs"] = {**kept, **given}
    if not body:
        raise ClientError("Say what to change.", USAGE)
    made = client.patch(address(schedule), body)
    app.show(made, lambda row: click.echo(f"changed; next: {row['next_run_at'] or 'never'}"))


@schedules.command()
@_SCHEDULE
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pass_app
def delete(app: App, schedule: str, yes: bool) -> None:
    """Delete SCHEDULE. Its jobs stay."""
    client = app.client()
    found = client.get(address(schedule))
    if not yes and not click.confirm(f"Delete {output.clean(found['name'])}?", err=True):
        raise ClientError("Nothing was deleted.")
    client.delete(address(schedule))
    app.note(f"{output.clean(found['name'])} was deleted.")


@schedules.command()
@_SCHEDULE
@pass_app
def pause(app: App, schedule: str) -> None:
    """Let SCHEDULE start nothing until it is resumed."""
    app.show(app.client().post(address(schedule, "pause")), lambda _: click.echo("paused"))


@schedules.command()
@_SCHEDULE
@pass_app
def resume(app: App, schedule: str) -> None:
    """Let SCHEDULE go on."""
    app.show(app.client().post(address(schedule, "resume")), lambda _: click.echo("resumed"))


@schedules.command("run")
@_SCHEDULE
@click.option("-d", "--detach", is_flag=True, help="Print the job's id and do not wait.")
@click.pass_context
def run_now(context: click.Context, schedule: str, detach: bool) -> None:
    """Run SCHEDULE now, besides its times."""
    app: App = context.find_object(App) or App()
    client = app.client()
    job = starting.start(client, address(schedule, "run"), {})
    if detach:
        app.show(job, lambda row: click.echo(row["id"]))
        return
    app.note(f"job {job['id']}")
    context.exit(finish(app, to_the_end(app, client, job, cancel_on_interrupt=True)))


COMMANDS = [schedules]
