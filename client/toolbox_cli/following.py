"""Showing a job until its end: what ``run``, ``retry`` and ``follow`` share."""

from __future__ import annotations

import signal
from typing import Any

import click

from toolbox_cli import output
from toolbox_cli.app import App
from toolbox_cli.errors import BY_STATE, ApiError
from toolbox_cli.events import FINISHED, Watcher, follow
from toolbox_cli.http import Client


class Shown:
    """Prints a job's log on standard error, and what becomes of it."""

    def __init__(self, app: App) -> None:
        self.app, self.told = app, ""

    def watcher(self) -> Watcher:
        """What the follower calls."""
        return Watcher(log=self.log, state=self.state, note=self.app.note)

    def log(self, line: dict[str, Any]) -> None:
        """A line."""
        click.echo(output.log_line(line), err=True)

    def state(self, data: dict[str, Any]) -> None:
        """A change of state, where it is worth a line."""
        name = data["state"]
        if name == self.told or name in {"queued", "running", "succeeded"}:
            return
        if name in FINISHED and not self.app.json:
            return  # ``finish`` says it, with more words
        self.told = name
        reason = f": {output.clean(data['reason'])}" if data.get("reason") else ""
        self.app.note(f"{name.replace('_', ' ')}{reason}")


def to_the_end(
    app: App, client: Client, job: dict[str, Any], *, cancel_on_interrupt: bool
) -> dict[str, Any]:
    """Show a job until it ends; returns it as it is then. The first Ctrl-C cancels the job where
    it was started here, and is the end of following it otherwise."""
    shown = Shown(app)
    shown.told = job["state"] if job["state"] != "awaiting_approval" else ""
    try:
        follow(client, job["id"], shown.watcher())
    except KeyboardInterrupt:
        if not cancel_on_interrupt:
            raise click.Abort from None
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _cancel(app, client, job["id"])
        try:
            follow(client, job["id"], Watcher(log=lambda _: None, state=shown.state))
        except KeyboardInterrupt:
            raise click.Abort from None
    ended: dict[str, Any] = client.get(f"jobs/{job['id']}/")
    return ended


def _cancel(app: App, client: Client, job_id: str) -> None:
    app.note("cancelling; Ctrl-C again leaves the job to itself")
    try:
        client.post(f"jobs/{job_id}/cancel/")
    except ApiError as error:
        app.note(error.message)


def finish(app: App, job: dict[str, Any]) -> int:
    """Print the end of a job: its result, or why there is none. Returns the exit code."""
    if app.json:
        output.as_json(job)
    elif job["state"] == "succeeded":
        output.result(job["result"])
    else:
        error = job.get("error") or {}
        message = error.get("message") or job["reason"]
        state = str(job["state"]).replace("_", " ")
        click.echo(f"{state}: {output.clean(str(message))}", err=True)
    return BY_STATE[job["state"]]
