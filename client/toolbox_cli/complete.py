"""Names for the shell's completion, asked of the server; none where it cannot be asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from toolbox_cli.app import App
from toolbox_cli.errors import ClientError

Names = list[CompletionItem]


def _app(context: click.Context) -> App:
    root = context.find_root()
    given = root.params
    return App(given.get("profile") or "", given.get("url") or "")


def _asked(context: click.Context, path: str, **query: Any) -> list[dict[str, Any]]:
    try:
        client = app_client(context)
        return list(client.request("GET", path, params=query, timeout=(1.0, 2.0)).json()["results"])
    except ClientError:
        return []


def app_client(context: click.Context) -> Any:
    """A client as the command would have it."""
    return _app(context).client()


def toolkits(context: click.Context, parameter: click.Parameter, incomplete: str) -> Names:
    """Slugs of toolkits."""
    found = _asked(context, "toolkits/", q=incomplete, fields="slug,name", limit=200)
    return _matching(found, incomplete, lambda row: row["slug"], lambda row: row["name"])


def operations(context: click.Context, parameter: click.Parameter, incomplete: str) -> Names:
    """Operations of the toolkit that was typed before."""
    found = _asked(context, f"toolkits/{context.params.get('toolkit')}/operations/")
    return _matching(found, incomplete, lambda row: row["name"], lambda row: row["title"])


def inputs(context: click.Context, parameter: click.Parameter, incomplete: str) -> Names:
    """Inputs of the operation that was typed before."""
    found = _asked(context, f"toolkits/{context.params.get('toolkit')}/operations/")
    named = [row for row in found if row["name"] == context.params.get("operation")]
    names = named[0]["inputs"].get("properties", {}) if named else {}
    return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


def jobs(context: click.Context, parameter: click.Parameter, incomplete: str) -> Names:
    """The newest jobs."""
    found = _asked(context, "jobs/", fields="id,title,state", limit=30)
    return _matching(
        found, incomplete, lambda row: row["id"], lambda row: f"{row['title']} ({row['state']})"
    )


def schedules(context: click.Context, parameter: click.Parameter, incomplete: str) -> Names:
    """Schedules."""
    found = _asked(context, "schedules/")
    return _matching(found, incomplete, lambda row: row["id"], lambda row: row["name"])


def _matching(
    rows: list[dict[str, Any]],
    incomplete: str,
    value: Callable[[dict[str, Any]], str],
    help_text: Callable[[dict[str, Any]], str],
) -> Names:
    return [
        CompletionItem(value(row), help=help_text(row))
        for row in rows
        if value(row).startswith(incomplete)
    ]
