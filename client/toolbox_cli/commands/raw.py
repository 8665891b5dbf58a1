"""Any address of the API, for what has no command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from toolbox_cli import output
from toolbox_cli.app import App, pass_app
from toolbox_cli.errors import USAGE, ClientError


@click.command()
@click.argument("method", type=click.Choice(["GET", "POST", "PUT", "PATCH", "DELETE"]))
@click.argument("path")
@click.option("-d", "--data", metavar="JSON", help="Body; @FILE or @- for what a file holds.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME: VALUE")
@pass_app
def api(app: App, method: str, path: str, data: str | None, headers: tuple[str, ...]) -> None:
    """Send a request to PATH under /api/v1/ as yourself, and print what comes."""
    options: dict[str, Any] = {"headers": dict(_header(text) for text in headers)}
    if data is not None:
        options["json"] = _json(data)
    response = app.client().request(method, path.removeprefix("/api/v1/"), **options)
    kind = response.headers.get("Content-Type", "")
    if "json" in kind and "ndjson" not in kind:
        output.as_json(response.json())
    else:
        sys.stdout.buffer.write(response.content)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise ClientError(f"{text!r} is not of the form NAME: VALUE.", USAGE)
    return name.strip(), value.strip()


def _json(text: str) -> Any:
    try:
        if text.startswith("@"):
            text = sys.stdin.read() if text == "@-" else Path(text[1:]).read_text()
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise ClientError(f"--data: {error}", USAGE) from None


COMMANDS = [api]
