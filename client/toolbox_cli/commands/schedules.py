"""Schedules: list, show, pause, resume, run now."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from toolbox_cli import complete, output
from toolbox_cli.app import App, pass_app
from toolbox_cli.following import finish, to_the_end

_SCHEDULE = click.argument("schedule", shell_complete=complete.schedules)


@click.group()
def schedules() -> None:
    """Schedules: list, show, pause, resume, run now."""


def address(schedule: str, *parts: str) -> str:
    """The API's address of a schedule or of something of it."""
    return "/".join(["schedules", *(quote(part, safe="") for part in (schedule, *parts)), ""])


@schedules.command("list")
@click.option("-n", "most", type=click.IntRange(1), default=200, help="At most so many (200).")
@pass_app
def list_schedules(app: App, most: int) -> None:
    """List the schedules that you see."""
    found = app.client().pages("schedules/", most)
    rows = [{**row, "runs": f"{row['toolkit']} {row['operation']}", "when": _when(row)}
            for row in found]  # fmt: skip
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
    job = client.post(address(schedule, "run"))
    if detach:
        app.show(job, lambda row: click.echo(row["id"]))
        return
    app.note(f"job {job['id']}")
    context.exit(finish(app, to_the_end(app, client, job, cancel_on_interrupt=True)))


COMMANDS = [schedules]
