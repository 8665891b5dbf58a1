"""What every command is given: where to, as whom, and how to print."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import click

from toolbox_cli import output, store
from toolbox_cli.http import Client

DEFAULT = "default"


@dataclass
class App:
    """The options that stand before the command."""

    profile_name: str = ""
    url: str = ""
    json: bool = False
    quiet: bool = False

    @property
    def name(self) -> str:
        """Which profile."""
        return self.profile_name or os.environ.get("TOOLBOX_PROFILE") or DEFAULT

    def client(self) -> Client:
        """A client of the server, as whoever is signed in."""
        profile = store.load(self.name)
        token = os.environ.get("TOOLBOX_TOKEN", "")
        url = self.url or os.environ.get("TOOLBOX_URL", "")
        if url and url.rstrip("/") != profile.url.rstrip("/"):
            # A session is of one server: it is never sent to another.
            profile = store.Profile(url=url, ca_file=profile.ca_file)
        return Client(profile, self.name, token)

    def show(self, value: Any, draw: Any) -> None:
        """Print ``value`` as JSON where that was asked for, else as ``draw`` does."""
        if self.json:
            output.as_json(value)
        else:
            draw(value)

    def note(self, text: str) -> None:
        """Tell the person something that is no output."""
        if not self.quiet:
            click.echo(text, err=True)


pass_app = click.make_pass_decorator(App, ensure=True)
