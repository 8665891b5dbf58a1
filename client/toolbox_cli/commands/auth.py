"""Signing in and out."""

from __future__ import annotations

import platform
import sys
import time
import webbrowser
from typing import Any

import click

from toolbox_cli import output, store
from toolbox_cli.app import App, pass_app
from toolbox_cli.errors import USAGE, ApiError, ClientError, NotSignedIn
from toolbox_cli.http import Client, checked


@click.command()
@click.argument("url", required=False)
@click.option("-u", "--username", help="Sign in with this name and a password.")
@click.option("--provider", default="", help="Where the password is proved (a slug).")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--otp", default="", help="Code of the second factor, or a recovery code.")
@click.option("--token-stdin", is_flag=True, help="Read a personal token from standard input.")
@click.option("--device", is_flag=True, help="By a code that you confirm in any browser.")
@click.option("--no-browser", is_flag=True, help="With --device: open no browser here.")
@click.option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="CA of the server.")
@click.option("--keyring", is_flag=True, help="Keep the session in the system's keyring.")
@pass_app
def login(
    app: App, /, url: str | None, ca_file: str | None, keyring: bool, **how: Any
) -> None:
    """Sign in to the server at URL, or again to that of the profile.

    With no option the browser is used: whatever your site signs people in with works.
    """
    known = store.load(app.name)
    profile = store.Profile(
        url=(url or app.url or known.url).rstrip("/"),
        ca_file=ca_file or known.ca_file,
        keyring=keyring or known.keyring,
    )
    if not profile.url:
        raise ClientError("Give the address of the server: toolbox login URL", USAGE)
    client = Client(profile, app.name)
    if how["token_stdin"]:
        _by_token(client)
    elif how["username"] or how["password_stdin"]:
        _by_password(client, how)
    else:
        _by_device(client, app, browser=not how["no_browser"])
    with store.locked():
        store.save(app.name, client.profile)
    app.note(f"Signed in to {profile.url} as {client.profile.username}.")


def _by_token(client: Client) -> None:
    token = sys.stdin.readline().strip()
    if not token:
        raise ClientError("There is no token on standard input.", USAGE)
    me = checked(client.send("GET", "auth/me/", token)).json()
    client.profile.token, client.profile.username = token, me["username"]


def _by_password(client: Client, how: dict[str, Any]) -> None:
    name = how["username"] or click.prompt("Username", err=True)
    if how["password_stdin"]:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, err=True)
    body = {
        "username": name, "password": password, "provider": how["provider"], "otp": how["otp"],
    }  # fmt: skip
    try:
        client.take(client.send("POST", "auth/login/", json=body))
    except ApiError as error:
        if not error.names("otp") or how["otp"] or not sys.stdin.isatty():
            raise
        body["otp"] = click.prompt("Code of your authenticator app, or a recovery code", err=True)
        client.take(client.send("POST", "auth/login/", json=body))


def _by_device(client: Client, app: App, *, browser: bool) -> None:
    what = {"client": f"toolbox on {platform.node() or 'a terminal'}"[:100]}
    asked = checked(client.send("POST", "auth/device/", json=what)).json()
    click.echo(f"Open {asked['verification_uri']} and type the code", err=True)
    click.secho(f"\n    {asked['user_code']}\n", bold=True, err=True)
    if browser and sys.stdin.isatty():
        webbrowser.open(asked["verification_uri_complete"])
    pause, until = float(asked["interval"]), time.monotonic() + asked["expires_in"]
    while time.monotonic() < until:
        time.sleep(pause)
        code = {"device_code": asked["device_code"]}
        try:
            client.take(client.send("POST", "auth/device/token/", json=code))
        except ApiError as error:
            if "slow_down" in error.words:
                pause += 5
            elif "authorization_pending" not in error.words and error.status != 429:
                raise NotSignedIn(str(error.problem.get("detail", error))) from None
        else:
            return
    raise NotSignedIn("Nobody confirmed the code in time.")


@click.command()
@pass_app
def logout(app: App) -> None:
    """End the session, here and at the server. A personal token is only forgotten."""
    profile = store.load(app.name)
    if profile.refresh or profile.access:
        client = Client(profile, app.name)
        try:
            client.request("POST", "auth/logout/")
        except NotSignedIn:
            app.note("The session had ended.")
    with store.locked():
        store.forget(app.name)
    app.note("Signed out.")


@click.command()
@pass_app
def whoami(app: App) -> None:
    """Show who you are and what you may do."""
    client = app.client()
    me = client.get("auth/me/")
    names = ("username", "display_name", "email", "roles")
    pairs = [("server", client.profile.url), *((name, me[name]) for name in names)]
    app.show(me, lambda _: output.facts(pairs))


@click.command()
@pass_app
def profiles(app: App) -> None:
    """List the servers that you are, or were, signed in to."""
    rows = []
    for name in store.names():
        profile = store.load(name)
        inside = bool(profile.refresh or profile.token)
        rows.append({"name": name, "url": profile.url, "username": profile.username,
                     "signed_in": inside})  # fmt: skip
    heads = {"name": "profile", "url": "server", "username": "user", "signed_in": "signed in"}
    app.show(rows, lambda _: output.table(rows, heads, empty="no profiles: toolbox login URL"))


COMMANDS = [login, logout, whoami, profiles]
