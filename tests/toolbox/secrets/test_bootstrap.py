"""``manage.py bootstrap_vault`` against a new OpenBao, as an administrator runs it."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from audit.models import Event
from tests.support.processes import BASE, free_port
from tests.support.servers import OpenBao, running
from toolbox import events
from toolbox.config import VaultConfig
from toolbox.secrets import SecretsClient
from toolbox.secrets.bootstrap import steps

pytestmark = pytest.mark.servers


@pytest.fixture
def new(tmp_path):
    """A server that nobody has initialised."""
    server = OpenBao.make(tmp_path / "openbao", free_port())
    with running(server):
        yield server


@pytest.fixture
def bootstrap(new, tmp_path):
    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"], "TOOLBOX_VAR_DIR": str(tmp_path), "APP_ENV": "production",
            "VAULT_ADDR": new.addr, "AUTH_JWT_SECRET": os.environ["AUTH_JWT_SECRET"], **extra,
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "manage.py", "bootstrap_vault", *arguments],
            cwd=BASE, env=env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return run


def marks(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {line[:10].strip() for line in done.stdout.splitlines()}


def test_a_new_vault_is_made_ready_and_a_second_run_changes_nothing(new, bootstrap, tmp_path):
    keys, role = tmp_path / "keys.json", tmp_path / "approle.env"
    whole = ("--keys-file", str(keys), "--approle-file", str(role))

    first = bootstrap("--init", *whole)

    assert first.returncode == 0, first.stderr
    assert first.stderr.count("there is no database yet") == 1
    assert not list(tmp_path.glob("*.sqlite3"))
    assert stat.S_IMODE(keys.stat().st_mode) == stat.S_IMODE(role.stat().st_mode) == 0o600
    values = dict(line.split("=", 1) for line in role.read_text().splitlines())
    config = VaultConfig(
        new.addr,
        "approle",
        role_id=values["VAULT_APPROLE_ROLE_ID"],
        secret_id=values["VAULT_APPROLE_SECRET_ID"],
    )
    assert SecretsClient(config).check() == 2
    before = keys.read_bytes(), role.read_bytes()

    second = bootstrap(*whole)

    assert second.returncode == 0
    assert marks(second) == {"there"}
    assert (keys.read_bytes(), role.read_bytes()) == before
    assert json.loads(keys.read_text())["root_token"] not in first.stdout + second.stdout


def test_checking_changes_nothing_and_tells_what_is_missing(new, bootstrap, tmp_path):
    done = bootstrap("--check")

    assert done.returncode == 1
    assert "would make" in done.stdout
    assert not new.client().sys.is_initialized()

    bootstrap("--init", "--keys-file", str(tmp_path / "keys.json"))
    assert bootstrap("--check", "--keys-file", str(tmp_path / "keys.json")).returncode == 0


def test_a_vault_is_not_initialised_unless_asked_and_its_keys_are_kept(bootstrap, tmp_path):
    kept = tmp_path / "keys.json"
    kept.write_text("mine")

    assert "Pass --init" in bootstrap().stderr
    assert "Pass --keys-file" in bootstrap("--init").stderr
    refused = bootstrap("--init", "--keys-file", str(kept))

    assert "is not overwritten" in refused.stderr
    assert kept.read_text() == "mine"


def told_since(count: int) -> list[tuple[str, str]]:
    return list(Event.objects.order_by("id").values_list("name", "outcome"))[count:]


def test_what_is_done_to_vault_is_in_the_audit_trail(new, db, settings, tmp_path):
    settings.VAULT = VaultConfig(new.addr)
    keys, token = tmp_path / "keys.json", tmp_path / "token"
    wanted = {"keys_file": keys, "platform_token_file": token, "stdout": io.StringIO()}

    call_command("bootstrap_vault", init=True, **wanted)

    first = [name for name, _ in told_since(0)]
    assert first[:2] == ["vault.initialised", "vault.unsealed"]
    assert {event.actor_label for event in Event.objects.all()} == {"manage.py bootstrap_vault"}
    assert first[-1] == "vault.credentials_issued"
    assert set(first[2:-1]) == {"vault.changed"}
    new.root_token = json.loads(keys.read_text())["root_token"]
    new.client().sys.delete_policy("toolbox-run")
    new.client().sys.seal()
    call_command("bootstrap_vault", **wanted)
    call_command("bootstrap_vault", **wanted)
    with pytest.raises(SystemExit):
        call_command("bootstrap_vault", check=True, approle_file=tmp_path / "role", **wanted)
    assert told_since(len(first)) == [("vault.unsealed", "success"), ("vault.changed", "success")]
    changed = Event.objects.get(pk=Event.objects.latest("id").pk).details
    assert changed == {"address": new.addr, "what": "policy toolbox-run"}


def test_a_vault_that_its_keys_do_not_unseal_is_on_record(new, db, settings, tmp_path):
    settings.VAULT = VaultConfig(new.addr)
    call_command("bootstrap_vault", init=True, keys_file=tmp_path / "k.json", stdout=io.StringIO())
    kept = json.loads((tmp_path / "k.json").read_text())
    new.root_token = kept["root_token"]
    (tmp_path / "k.json").write_text(json.dumps(kept | {"unseal_keys": ["00" * 33]}))
    new.client().sys.seal()
    before = Event.objects.count()

    with pytest.raises(CommandError, match=r"Vault|sealed|refused"):
        call_command("bootstrap_vault", keys_file=tmp_path / "k.json")

    assert told_since(before) == [("vault.unsealed", "failure")]
    assert new.client().sys.is_sealed()


def test_nothing_is_done_to_vault_that_cannot_be_recorded(new, db, settings, tmp_path, monkeypatch):
    settings.VAULT = VaultConfig(new.addr)

    def full(*_: Any, **__: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(events, "_recorder", full)
    with pytest.raises(CommandError, match="nothing is done that is not on record"):
        call_command("bootstrap_vault", init=True, keys_file=tmp_path / "keys.json")

    assert not new.client().sys.is_initialized()


def test_a_sealed_vault_is_unsealed_with_its_keys(new, bootstrap, tmp_path):
    keys = tmp_path / "keys.json"
    bootstrap("--init", "--keys-file", str(keys), "--shares", "3", "--threshold", "2")
    new.root_token = json.loads(keys.read_text())["root_token"]
    new.client().sys.seal()

    assert "Vault is sealed" in bootstrap("--token-file", str(keys)).stderr
    assert bootstrap("--unseal-only", "--keys-file", str(keys)).returncode == 0

    assert not new.client().sys.is_sealed()


def test_a_secret_that_is_there_is_not_overwritten_by_a_placeholder(new):
    new.make_ready()
    client = SecretsClient(VaultConfig(new.addr, token=new.root_token))
    wanted = {"providers/corp": {"client_secret": "replace-me"}}
    for step in steps(new.client(), "sre", wanted):
        if not step.done:
            step.make()
    assert client.read("providers/corp") == {"client_secret": "replace-me"}

    client.write("providers/corp", {"client_secret": "real"})

    assert all(step.done for step in steps(new.client(), "sre", wanted))


def test_the_secrets_of_sign_in_providers_are_seeded_until_somebody_writes_them(
    new, bootstrap, tmp_path
):
    keys = tmp_path / "keys.json"
    reference = {"mount": "sre", "path": "auth/corp", "key": "client_secret"}
    providers = [
        {
            "slug": "corp",
            "kind": "oidc",
            "issuer": "https://id.example.com",
            "client_id": "toolbox",
            "client_secret_vault": reference,
        },
        {
            "slug": "other",
            "kind": "oidc",
            "issuer": "https://id2.example.com",
            "client_id": "toolbox",
            "client_secret_vault": {**reference, "mount": "elsewhere"},
        },
    ]

    done = bootstrap(
        "--init", "--keys-file", str(keys), AUTH_PROVIDERS_JSON=json.dumps(providers)
    )

    assert done.returncode == 0, done.stderr
    root = json.loads(keys.read_text())["root_token"]
    client = SecretsClient(VaultConfig(new.addr, token=root))
    assert client.read("auth/corp") == {"client_secret": "replace-me"}
    assert done.stdout.count("placeholder") == 1


def test_an_unreachable_vault_and_a_wrong_token_are_said(bootstrap, new, tmp_path):
    assert "cannot be reached" in bootstrap(VAULT_ADDR="http://127.0.0.1:1").stderr
    bootstrap("--init", "--keys-file", str(tmp_path / "keys.json"))

    refused = bootstrap(VAULT_TOKEN="s.wrong")

    assert refused.returncode == 1
    assert "does not allow" in refused.stderr
