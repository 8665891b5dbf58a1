"""``manage.py bootstrap_vault``: make Vault or OpenBao ready for the platform, once or again."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import hvac
import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from hvac import exceptions as vault

from toolbox.private_files import write_private
from toolbox.secrets import SecretsError, bootstrap, placeholders, recording
from toolbox.secrets.connection import VaultConnection
from toolbox.secrets.errors import translated

_ACTIVE_SECONDS = 30.0


class Command(BaseCommand):
    help = (
        "Make what the platform needs in Vault: the KV mount, policies, AppRole, the token role of "
        "runs, and placeholders that are missing. Changes nothing that is there already."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="say what would be done; exit 1 "
                            "if there is anything")  # fmt: skip
        parser.add_argument("--init", action="store_true", help="initialise a new Vault")
        parser.add_argument("--shares", type=int, default=1, help="unseal keys to make")
        parser.add_argument("--threshold", type=int, default=1, help="keys needed to unseal")
        parser.add_argument(
            "--keys-file", type=Path, metavar="PATH",
            help="where unseal keys and root token are kept (mode 0600); written at --init",
        )  # fmt: skip
        parser.add_argument("--token-file", type=Path, metavar="PATH",
                            help="a token that may do all this (default: VAULT_TOKEN)")  # fmt: skip
        parser.add_argument("--approle-file", type=Path, metavar="PATH",
                            help="write the AppRole's settings here (mode 0600)")  # fmt: skip
        parser.add_argument(
            "--platform-token-file",
            type=Path,
            metavar="PATH",
            help="write a token of the platform here (mode 0600), for VAULT_TOKEN_FILE",
        )
        parser.add_argument("--unseal-only", action="store_true", help="unseal and do nothing else")
        parser.add_argument("--watch", type=float, metavar="SECONDS",
                            help="with --unseal-only: look again and again")  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.VAULT.addr:
            raise CommandError("VAULT_ADDR is not set.")
        self.client = VaultConnection(settings.VAULT).connect()
        self.only_check = bool(options["check"])
        self.recording = recording.Recording(self.stderr.write)
        try:
            with translated(settings.VAULT.addr):
                missing = self._run(options)
        except SecretsError as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            raise CommandError(_not_recorded(error)) from None
        if self.only_check and missing:
            raise SystemExit(1)

    def _run(self, options: dict[str, Any]) -> int:
        if options["unseal_only"]:
            self._unseal_again_and_again(options)
            return 0
        if not self.client.sys.is_initialized():
            return self._initialise(options)
        self._unseal(options["keys_file"])
        self.client.token = self._token(options)
        missing = 0
        for step in bootstrap.steps(self.client, settings.VAULT.kv_mount, placeholders.wanted()):
            missing += not step.done
            self._take(step)
        missing += self._approle(options["approle_file"])
        return missing + self._platform_token(options["platform_token_file"])

    def _say(self, mark: str, what: str) -> None:
        self.stdout.write(f"{mark:<10} {what}")

    def _take(self, step: bootstrap.Step) -> None:
        if step.done:
            self._say("there", step.what)
        elif self.only_check:
            self._say("would make", step.what)
        else:
            with self.recording.act("vault.changed", what=step.what):
                step.make()
            self._say("made", step.what)

    def _initialise(self, options: dict[str, Any]) -> int:
        keys_file: Path | None = options["keys_file"]
        if self.only_check:
            self._say("would make", "a new Vault (initialise, unseal, and all that follows)")
            return 1
        if not options["init"]:
            raise CommandError("Vault is not initialised. Pass --init to initialise it.")
        if keys_file is None:
            raise CommandError(
                "Pass --keys-file: without its keys a Vault cannot be unsealed again."
            )
        if keys_file.exists():
            raise CommandError(f"{keys_file} exists and is not overwritten. Move it away.")
        # Found to be writable before there is something that must not be lost.
        write_private(keys_file, "{}")
        with self.recording.act("vault.initialised"):
            keys = bootstrap.initialise(self.client, options["shares"], options["threshold"])
            write_private(keys_file, json.dumps(keys, indent=2))
        self._say("made", f"a new Vault; its keys are in {keys_file}: keep a copy elsewhere")
        return self._run({**options, "init": False})

    def _unseal(self, keys_file: Path | None) -> None:
        if self.client.sys.is_sealed():
            if self.only_check:
                raise CommandError("Vault is sealed: nothing more can be looked at.")
            keys = _read_keys(keys_file).get("unseal_keys") if keys_file else None
            if not keys:
                raise CommandError("Vault is sealed. Unseal it, or pass --keys-file with its keys.")
            with self.recording.act("vault.unsealed"):
                if not bootstrap.unseal(self.client, list(keys)):
                    raise CommandError("Vault stays sealed: the keys do not fit, or are too few.")
            self._say("done", "unsealed")
        self._until_active()

    def _until_active(self) -> None:
        deadline = time.monotonic() + _ACTIVE_SECONDS
        while not bootstrap.is_active(self.client):
            if time.monotonic() > deadline:
                raise CommandError("Vault is unsealed but does not become active.")
            time.sleep(0.2)

    def _token(self, options: dict[str, Any]) -> str:
        if options["token_file"]:
            return str(Path(options["token_file"]).read_text().strip())
        if options["keys_file"] and (token := _read_keys(options["keys_file"]).get("root_token")):
            return str(token)
        if settings.VAULT.token:
            return settings.VAULT.token
        raise CommandError("Pass --token-file or --keys-file, or set VAULT_TOKEN.")

    def _approle(self, path: Path | None) -> int:
        if path is None:
            return 0
        kept = _read_env(path)
        verify = VaultConnection(settings.VAULT).verify
        if bootstrap.works(settings.VAULT.addr, kept, verify):
            self._say("there", f"AppRole settings in {path}")
            return 0
        if self.only_check:
            self._say("would make", f"AppRole settings in {path}")
            return 1
        with self._issuing("the secret id of an AppRole", path):
            values = bootstrap.credentials(self.client)
            write_private(path, "".join(f"{name}={value}\n" for name, value in values.items()))
        self._say("made", f"AppRole settings in {path}")
        return 0

    def _platform_token(self, path: Path | None) -> int:
        if path is None:
            return 0
        if path.is_file() and bootstrap.token_works(self.client, path.read_text().strip()):
            self._say("there", f"a token of the platform in {path}")
            return 0
        if self.only_check:
            self._say("would make", f"a token of the platform in {path}")
            return 1
        with self._issuing("a token", path):
            write_private(path, bootstrap.platform_token(self.client))
        self._say("made", f"a token of the platform in {path}")
        return 0

    def _issuing(self, what: str, path: Path) -> AbstractContextManager[None]:
        return self.recording.act("vault.credentials_issued", what=what, file=str(path))

    def _unseal_again_and_again(self, options: dict[str, Any]) -> None:
        keys = list(_read_keys(options["keys_file"]).get("unseal_keys") or [])
        failed = False
        while True:
            try:
                if self.client.sys.is_initialized() and self.client.sys.is_sealed():
                    # Of tries that fail one after the other, the first is on record.
                    with self.recording.act("vault.unsealed", failures=not failed):
                        _unseal(self.client, keys)
                    self._say("done", "unseal")
                failed = False
            except _Sealed as error:
                failed = True
                self._say("failed", f"unseal: {error}")
            except DatabaseError as error:
                self.stderr.write(f"Not unsealed: {_not_recorded(error)}")
            except (vault.VaultError, requests.RequestException) as error:
                failed = True
                self.stderr.write(f"Vault does not answer: {type(error).__name__}")
            if not options["watch"]:
                return
            time.sleep(options["watch"])


def _not_recorded(error: DatabaseError) -> str:
    kind = type(error).__name__
    return f"the audit trail cannot be written ({kind}), and nothing is done that is not on record."


class _Sealed(Exception):
    """The keys did not unseal it."""


def _unseal(client: hvac.Client, keys: list[str]) -> None:
    if not bootstrap.unseal(client, keys):
        raise _Sealed("the keys do not fit, or are too few")


def _read_keys(path: Path | None) -> dict[str, Any]:
    if path is None:
        raise CommandError("Pass --keys-file.")
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}.") from None


def _read_env(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}
