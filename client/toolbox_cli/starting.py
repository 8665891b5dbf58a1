"""Starting jobs: secrets that are asked for, and a key so that nothing starts twice."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import click

from toolbox_cli.errors import Unreachable
from toolbox_cli.http import Client

_TRIES = 3


def start(
    client: Client,
    path: str,
    body: dict[str, Any],
    query: dict[str, Any] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Post what starts a job. With the key, which is made where none is given, asking again
    after a broken connection starts nothing new."""
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}

    def post() -> dict[str, Any]:
        job: dict[str, Any] = client.post(path, body, params=query or {}, headers=headers)
        return job

    for _ in range(_TRIES - 1):
        with suppress(Unreachable):
            return post()
    return post()


def with_secrets(
    values: dict[str, Any], names: Iterable[str], needed: Iterable[str]
) -> dict[str, Any]:
    """The inputs with secrets that are asked for: those named, and at a terminal those needed."""
    asked = list(names)
    if sys.stdin.isatty():
        asked += [name for name in needed if name not in {*asked, *values}]
    return {**values, **{name: _secret(name) for name in asked}}


def _secret(name: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(name, hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\n")
