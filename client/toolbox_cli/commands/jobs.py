"""Jobs: list, show, follow, cancel, retry, approve, and the files that they keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from toolbox_cli import complete, ids, inputs, output, starting
from toolbox_cli.app import App, pass_app
from toolbox_cli.errors import ClientError
from toolbox_cli.events import FINISHED
from toolbox_cli.following import finish, to_the_end
from toolbox_cli.http import Client

_JOB = click.argument("job", shell_complete=complete.jobs)


@click.group()
def jobs() -> None:
    """Jobs: list, show, compare, follow, log, cancel, retry, approve, reject, files, download."""


def address(job: str, *parts: str) -> str:
    """The API's address of a job or of something of it."""
    return "/".join(["jobs", ids.checked(job, "job"), *parts, ""])


@jobs.command("list")
@click.option("--toolkit", shell_complete=complete.toolkits, help="Of this toolkit.")
@click.option("--operation", help="Of this operation.")
@click.option("--state", help="In these states, with commas between.")
@click.option("--user", "requested_by", help="Requested by this user.")
@click.option("--mine", is_flag=True, default=None, help="Requested by you.")
@click.option("--since", "created_after", metavar="TIME", help="Requested after then.")
@click.option("-n", "most", type=click.IntRange(1), default=50, help="At most so many (50).")
@pass_app
def list_jobs(app: App, /, most: int, **filters: Any) -> None:
    """List jobs, the newest first."""
    found = app.client().pages("jobs/", most, **filters)
    rows = [{**row, "created_at": row["created_at"][:19].replace("T", " ")} for row in found]
    heads = {
        "id": "job", "state": "state", "toolkit": "toolkit", "operation": "operation",
        "requester": "by", "created_at": "requested",
    }  # fmt: skip
    app.show(found, lambda _: output.table(rows, heads, empty="no jobs"))


@jobs.command()
@_JOB
@pass_app
def show(app: App, job: str) -> None:
    """Show JOB with its inputs and its result."""
    app.show(app.client().get(address(job)), _draw)


def _draw(job: dict[str, Any]) -> None:
    names = (
        "id", "toolkit", "operation", "version", "state", "reason", "requester", "created_at",
        "started_at", "finished_at", "duration_seconds", "attempt", "inputs",
    )  # fmt: skip
    output.facts((name.replace("_", " "), job[name]) for name in names)
    _draw_waiting(job)
    if approval := job.get("approval"):
        output.facts([("approval", f"{approval['state']}, digest {approval['digest']}")])
    if job["error"]:
        click.echo()
        click.echo(output.clean(f"{job['error']['kind']}: {job['error']['message']}"))
    if job["state"] == "succeeded":
        click.echo()
        output.result(job["result"])


def _draw_waiting(job: dict[str, Any]) -> None:
    if job["waits_for"]:
        holders = [holder["job"] or "a job that you may not see" for holder in job["held_by"]]
        output.facts([("waits for", job["waits_for_text"]), ("held by", holders)])


@jobs.command()
@_JOB
@click.option("--with", "other", metavar="JOB", help="Another job of the same operation.")
@pass_app
def compare(app: App, job: str, other: str | None) -> None:
    """Tell what changed since the operation of JOB last worked."""
    found = app.client().get(address(job, "comparison"), **{"with": other})
    app.show(found, _draw_comparison)


def _draw_comparison(found: dict[str, Any]) -> None:
    before = found["before"]
    if before is None:
        click.echo("no earlier run that you see has succeeded", err=True)
        return
    click.echo(f"compared with {before['id']}, {before['state']}", err=True)
    heads = {"kind": "what", "name": "name", "before": "before", "after": "after"}
    output.table(found["differences"], heads, empty="nothing that the platform knows of differs")
    if found["secret_inputs"]:
        click.echo("secret inputs may differ: their values are not kept", err=True)


@jobs.command()
@_JOB
@click.pass_context
def follow(context: click.Context, job: str) -> None:
    """Show the log of JOB as it comes, then its result. Ctrl-C stops looking, not the job."""
    app: App = context.find_object(App) or App()
    client = app.client()
    found = client.get(address(job))
    ended = to_the_end(app, client, found, cancel_on_interrupt=False)
    context.exit(finish(app, ended))


@jobs.command()
@_JOB
@click.option("--level", help="This level or graver: INFO, WARNING, ….")
@click.option("--search", help="Only lines with this text.")
@pass_app
def log(app: App, job: str, level: str | None, search: str | None) -> None:
    """Print the log of JOB as it is now."""
    client, after = app.client(), 0
    while True:
        page = client.get(address(job, "logs"), after=after, level=level, search=search)
        for line in page["lines"]:
            if app.json:
                click.echo(json.dumps(line, ensure_ascii=False))
            else:
                click.echo(output.log_line(line))
        if page["done"] or page["next_after"] == after:
            return
        after = page["next_after"]


@jobs.command()
@_JOB
@click.option("--wait", is_flag=True, help="Wait for its end.")
@click.pass_context
def cancel(context: click.Context, job: str, wait: bool) -> None:
    """End JOB: a waiting one at once, a running one is asked to stop."""
    app: App = context.find_object(App) or App()
    client = app.client()
    found = client.post(address(job, "cancel"))
    if wait and found["state"] not in FINISHED:
        ended = to_the_end(app, client, found, cancel_on_interrupt=False)
        app.show(ended, lambda row: click.echo(row["state"]))
        return
    app.show(found, lambda row: click.echo(row["state"]))


@jobs.command()
@_JOB
@click.option("-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE", help="Another input.")
@click.option("--secret", "secrets", multiple=True, metavar="KEY", help="Ask for this input.")
@click.option("--resume", is_flag=True, help="Do not repeat the steps that JOB completed.")
@click.option("-d", "--detach", is_flag=True, help="Print the new job's id and do not wait.")
@click.option("--key", metavar="TEXT", help="Idempotency key: the same one starts nothing twice.")
@click.pass_context
def retry(
    context: click.Context, /, job: str, pairs: tuple[str, ...], secrets: tuple[str, ...],
    resume: bool, detach: bool, key: str | None,
) -> None:
    """Run again what JOB ran, with its inputs and what you change of them.

    Secret inputs are forgotten when a job ends: at a terminal you are asked for them again,
    elsewhere for those that --secret names.
    """
    app: App = context.find_object(App) or App()
    client = app.client()
    changed = _changed(client, job, pairs, secrets)
    body: dict[str, Any] = {"inputs": changed} if changed else {}
    if resume:
        body["resume"] = True
    made = starting.start(client, address(job, "retry"), body, key=key)
    if detach:
        app.show(made, lambda row: click.echo(row["id"]))
        return
    app.note(f"job {made['id']}")
    context.exit(finish(app, to_the_end(app, client, made, cancel_on_interrupt=True)))


def _changed(
    client: Client, job: str, pairs: tuple[str, ...], secrets: tuple[str, ...]
) -> dict[str, Any]:
    """The inputs that are given anew."""
    found = client.get(address(job))
    if not pairs and not secrets and output.MASK not in found["inputs"].values():
        return {}
    slug, operation = (quote(found[key], safe="") for key in ("toolkit", "operation"))
    schema = client.get(f"toolkits/{slug}/operations/{operation}/")["inputs"]
    values = inputs.read(schema, pairs)
    forgotten = [name for name in inputs.secrets(schema) if found["inputs"].get(name)]
    return starting.with_secrets(values, secrets, forgotten)


@jobs.command()
@_JOB
@click.option("--digest", help="What you looked at; without it you are shown and asked.")
@click.option("--comment", default="", help="Why.")
@pass_app
def approve(app: App, job: str, digest: str | None, comment: str) -> None:
    """Let JOB run that waits for a second person's consent."""
    client = app.client()
    if not digest:
        found = client.get(address(job))
        approval = found["approval"] or {}
        if approval and found["state"] == "awaiting_approval" and not approval["digest"]:
            raise ClientError(
                "Its dry run has not succeeded, so there is no plan to approve yet: "
                f"toolbox jobs show {approval['plan']}"
            )
        _ask_about(found, approval)
        digest = approval.get("digest", "")
    made = client.post(address(job, "approve"), {"digest": digest, "comment": comment})
    app.show(made, lambda row: click.echo(row["state"]))


def _ask_about(job: dict[str, Any], approval: dict[str, Any]) -> None:
    names = ("toolkit", "version", "operation", "requester", "dry_run", "inputs")
    for name in names:
        click.echo(f"{name}: {output.cell(job[name])}", err=True)
    if approval.get("plan"):
        click.echo(f"plan: toolbox jobs show {approval['plan']}", err=True)
    if not click.confirm("Let it run?", err=True):
        raise ClientError("Nothing was approved.")


@jobs.command()
@_JOB
@click.option("--comment", default="", help="Why.")
@pass_app
def reject(app: App, job: str, comment: str) -> None:
    """Refuse consent to JOB, which ends it."""
    made = app.client().post(address(job, "reject"), {"comment": comment})
    app.show(made, lambda row: click.echo(row["state"]))


@jobs.command()
@_JOB
@pass_app
def files(app: App, job: str) -> None:
    """List the files that JOB keeps."""
    found = app.client().get(address(job, "artifacts"))["results"]
    heads = {"name": "file", "size_bytes": "bytes", "content_type": "type"}
    app.show(found, lambda rows: output.table(rows, heads, empty="it keeps no files"))


@jobs.command()
@_JOB
@click.argument("names", nargs=-1)
@click.option(
    "--to", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder."
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@pass_app
def download(app: App, job: str, names: tuple[str, ...], to: Path, force: bool) -> None:
    """Download the files of JOB, or those that are named."""
    client = app.client()
    found = {row["name"]: row for row in client.get(address(job, "artifacts"))["results"]}
    if missing := [name for name in names if name not in found]:
        raise ClientError(f"It keeps no file {', '.join(missing)}.")
    to.mkdir(parents=True, exist_ok=True)
    for name in names or sorted(found):
        click.echo(_fetch(client, found[name], to, force=force))


def _fetch(client: Client, row: dict[str, Any], to: Path, *, force: bool) -> Path:
    # A name is the toolkit's choice: what is written stays in the folder.
    name = Path(row["name"].replace("\\", "/")).name
    if not name or name.startswith("."):
        name = f"file{name}"
    target = to / name
    if target.exists() and not force:
        raise ClientError(f"{target} is there already; --force replaces it.")
    part = target.with_name(f"{name}.part")
    response = client.request("GET", row["url"], stream=True, headers={"Accept": "*/*"})
    with response, part.open("wb") as out:
        for chunk in response.iter_content(1 << 16):
            out.write(chunk)
    if part.stat().st_size != row["size_bytes"]:
        part.unlink()
        raise ClientError(f"{name} did not arrive whole. Try again.")
    part.replace(target)
    return target


COMMANDS = [jobs]
