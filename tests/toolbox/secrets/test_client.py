"""The secrets client against a real OpenBao: each fault has a name, and it recovers by itself."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from posixpath import normpath

import pytest
from django.conf import settings

from audit.models import Event
from tests.support.processes import free_port
from tests.support.servers import OpenBao, running
from toolbox import secrets
from toolbox.config import VaultConfig
from toolbox.secrets import (
    SecretNotFound,
    SecretsClient,
    SecretsConflict,
    SecretsError,
    SecretsForbidden,
    SecretsSealed,
    SecretsUnavailable,
)
from toolbox.secrets.grants import grant
from toolbox.secrets.policy import run_policy
from toolbox.secrets.runs import RunSecrets, forget

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def bao(tmp_path_factory):
    """A server of this module's own, which may be sealed and stopped."""
    server = OpenBao.make(tmp_path_factory.mktemp("openbao"), free_port())
    with running(server):
        server.approle = server.make_ready()
        yield server


@pytest.fixture
def ready(bao):
    if not bao.answers():
        bao.start()
    bao.make_ready()
    return bao


@pytest.fixture
def role(ready) -> VaultConfig:
    """The platform's AppRole at that server."""
    values = ready.make_ready()
    return VaultConfig(
        addr=ready.addr,
        auth_method="approle",
        role_id=values["VAULT_APPROLE_ROLE_ID"],
        secret_id=values["VAULT_APPROLE_SECRET_ID"],
        timeout=2,
    )


def test_a_secret_is_read_as_it_was_written_with_its_version(role):
    client = SecretsClient(role)

    first = client.write("team/db", {"user": "ada", "password": "s3cret"})
    second = client.write("team/db", {"user": "ada", "password": "other"})

    stored = client.get("team/db")
    assert stored.fields == {"user": "ada", "password": "other"}
    assert (first, second, stored.version) == (1, 2, 2)


def test_a_write_that_expects_another_version_is_refused(role):
    client = SecretsClient(role)
    client.write("team/cas", {"a": "1"}, cas=0)

    with pytest.raises(SecretsConflict, match="team/cas"):
        client.write("team/cas", {"a": "2"}, cas=0)

    assert client.read("team/cas") == {"a": "1"}


def test_merging_keeps_the_fields_that_it_does_not_name(role):
    client = SecretsClient(role)
    client.write("team/merge", {"a": "1", "b": "2"})

    client.merge("team/merge", {"b": "3", "c": "4"})

    assert client.read("team/merge") == {"a": "1", "b": "3", "c": "4"}


def test_a_deleted_secret_is_gone_and_deleting_again_is_no_error(role):
    client = SecretsClient(role)
    client.write("team/gone", {"a": "1"})

    client.delete("team/gone")
    client.delete("team/gone")

    with pytest.raises(SecretNotFound, match="team/gone"):
        client.read("team/gone")


def test_what_this_process_changes_is_read_anew_at_once(role):
    client = SecretsClient(role)
    client.write("team/cache", {"a": "1"})
    client.read("team/cache")

    client.write("team/cache", {"a": "2"})

    assert client.read("team/cache") == {"a": "2"}


def test_a_burst_of_reads_asks_vault_once(role, monkeypatch):
    client = SecretsClient(role)
    client.write("team/burst", {"a": "1"})
    asked = []
    fetch = client._fetch
    monkeypatch.setattr(client, "_fetch", lambda *a: asked.append(1) or fetch(*a))

    for _ in range(20):
        client.read("team/burst")

    assert len(asked) == 1


def test_kv_version_1_works_but_for_what_it_has_not(ready, role):
    root = ready.client()
    if "old/" not in root.sys.list_mounted_secrets_engines()["data"]:
        root.sys.enable_secrets_engine("kv", path="old", options={"version": "1"})
    config = VaultConfig(addr=ready.addr, token=ready.root_token, kv_mount="old", timeout=2)
    client = SecretsClient(config)

    assert client.check() == 1
    assert client.write("x", {"a": "1"}) == 0
    client.merge("x", {"b": "2"})
    assert client.read("x") == {"a": "1", "b": "2"}
    assert client.names("") == ["x"]
    with pytest.raises(SecretsError, match="version 1"):
        client.write("x", {}, cas=1)
    client.delete("x")
    with pytest.raises(SecretNotFound):
        client.read("x")
    # Runs have tokens of their own there, too.
    root.sys.create_or_update_policy("toolbox-run", run_policy("old", ready.accessor(), 1))
    for path in ("toolkits/alpha/api", "toolkits/alpha/other"):
        client.write(path, {"key": path})
    run = RunSecrets(client, grant("alpha", ["api"]), 60)
    assert run.get("toolkits/alpha/api").fields == {"key": "toolkits/alpha/api"}
    assert run.receipts[0].scoped
    with pytest.raises(SecretsForbidden):
        run.get("toolkits/alpha/other")
    ready.make_ready()


def test_the_platforms_policy_lets_it_use_its_mount_and_nothing_else(ready, role):
    root = ready.client()
    if "other/" not in root.sys.list_mounted_secrets_engines()["data"]:
        root.sys.enable_secrets_engine("kv", path="other", options={"version": "2"})

    assert SecretsClient(role).check() == 2
    with pytest.raises(SecretsForbidden, match="the mount other"):
        SecretsClient(replace(role, kv_mount="other")).check()


def test_a_missing_mount_is_named(role):
    with pytest.raises(SecretsForbidden, match="the mount nowhere"):
        SecretsClient(replace(role, kv_mount="nowhere")).check()


def test_a_wrong_token_is_refused_in_words(ready):
    client = SecretsClient(VaultConfig(addr=ready.addr, token="s.wrong", timeout=2))

    with pytest.raises(SecretsForbidden, match="refuses this platform's token"):
        client.check()


def test_a_revoked_secret_id_is_said_to_be_that(ready, role):
    root = ready.client()
    secret_id = root.auth.approle.generate_secret_id("toolbox")["data"]["secret_id"]
    config = replace(role, secret_id=secret_id)
    SecretsClient(config).check()

    root.auth.approle.destroy_secret_id("toolbox", secret_id)

    with pytest.raises(SecretsForbidden, match="Make a new secret id"):
        SecretsClient(config).check()


def test_a_revoked_token_is_replaced_by_a_new_sign_in(ready, role):
    client = SecretsClient(role)
    client.write("team/again", {"a": "1"})
    token = client._connection._client.token

    ready.client().auth.token.revoke(token)

    assert client.write("team/again", {"a": "2"}) == 2
    assert client._connection._client.token != token


def test_a_token_is_renewed_before_it_expires(ready):
    root = ready.client()
    made = root.auth.token.create(policies=["toolbox"], ttl="2s", explicit_max_ttl="60s")
    client = SecretsClient(VaultConfig(addr=ready.addr, token=made["auth"]["client_token"]))

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        client.check()
        time.sleep(0.2)  # time itself is what is tested here

    assert client.check() == 2


def test_a_token_file_is_read_again_when_it_changes(ready, tmp_path):
    file = tmp_path / "token"
    file.write_text(ready.platform_token())
    client = SecretsClient(VaultConfig(addr=ready.addr, token_file=str(file)))
    client.check()
    ready.client().auth.token.revoke(file.read_text())

    file.write_text(ready.platform_token() + "\n")

    assert client.check() == 2


def test_a_sealed_vault_is_said_to_be_sealed_and_works_again_when_unsealed(ready, role):
    client = SecretsClient(role)
    client.write("team/seal", {"a": "1"})

    ready.client().sys.seal()

    with pytest.raises(SecretsSealed, match="Unseal it"):
        client.write("team/seal", {"a": "2"})
    assert client.status().sealed
    ready.make_ready()
    assert client.write("team/seal", {"a": "2"}) == 2


def test_a_stopped_vault_cannot_be_reached_and_works_again_after_its_start(ready, role):
    client = SecretsClient(role)
    client.check()

    ready.stop()

    with pytest.raises(SecretsUnavailable, match="cannot be reached"):
        client.check()
    ready.start()
    ready.make_ready()
    assert client.check() == 2


def test_a_slow_answer_ends_at_the_time_limit(role):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = replace(role, addr=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)

        with pytest.raises(SecretsUnavailable, match="in time"):
            SecretsClient(config).write("x", {})
        with pytest.raises(SecretsUnavailable, match="in time"):
            SecretsClient(config).status()


#: What a toolkit declares, and paths that its runs' token then reads and does not read.
DECLARED = [
    ((), ("settings", "records/hosts/1"), ("api", "settingsx", "../beta/settings", "shared/dns")),
    (("api",), ("settings", "api", "api/deep/er"), ("apis", "other", "shared/api")),
    (("a/b/c", "a/x/*"), ("a/b/c", "a/b/c/d", "a/x/y"), ("a", "a/b", "a/b/d", "a/y")),
    (("*",), ("api", "a/b/c/d"), ("shared/dns", "../beta/api")),
    (("shared/dns",), ("shared/dns", "shared/dns/zone"), ("shared/dnsmasq", "dns", "shared")),
    (("Mixed.Case-1",), ("Mixed.Case-1",), ("mixed.case-1",)),
    (("shared/*",), ("shared/dns", "shared/a/b"), ("api", "../beta/api")),
    (("a/b/c/d",), ("a/b/c/d",), ("a/b/x", "a/b")),
]


@pytest.mark.parametrize(("declared", "open_to_it", "closed_to_it"), DECLARED)
def test_the_token_of_a_run_reads_what_its_toolkit_declares_alone(
    role, declared, open_to_it, closed_to_it
):
    client = SecretsClient(role)
    for path in (*open_to_it, *closed_to_it, "../../providers/corp", "../../jobs/1"):
        client.write(placed(path), {"key": path})
    token = client.run_token(grant("alpha", declared), 60)

    for path in open_to_it:
        assert client.get(placed(path), by=token).fields == {"key": path}
    for path in (*closed_to_it, "../../providers/corp", "../../jobs/1"):
        with pytest.raises(SecretsForbidden):
            client.get(placed(path), by=token)


def placed(path: str) -> str:
    return path if path.startswith("shared") else normpath(f"toolkits/alpha/{path}")


def test_more_paths_than_vault_takes_are_widened_and_all_of_them_are_readable(role):
    client = SecretsClient(role)
    declared = [f"{kind}{n}/{n}/{n}" for n in range(16) for kind in ("a", "shared/s")]
    wide = grant("alpha", declared)
    token = client.run_token(wide, 60)

    assert len(wide.fields) <= 64
    for path in declared:
        client.write(placed(path), {"key": path})
        assert client.get(placed(path), by=token).fields == {"key": path}


@pytest.mark.parametrize("count", range(1, 20))
def test_every_field_of_a_grant_has_its_place_in_the_policy(count):
    policy = run_policy("sre", "acc")
    for length in range(1, 6):
        paths = ["/".join(f"p{n}-{part}" for part in range(length)) for n in range(count)]
        made = grant("alpha", [*paths, *(f"shared/{path}" for path in paths)])
        assert len(made.fields) <= 64
        for name, _ in made.fields:
            assert f"aliases.acc.custom_metadata.{name}}}}}" in policy


def test_the_platform_can_give_no_name_to_what_it_did_not_make(ready, role):
    """A name is no way to more rights: neither another's, nor of another sign-in."""
    client = SecretsClient(role)
    entity = ready.client().write_data("identity/entity", data={"name": "boss"})["data"]["id"]
    own = {"name": "toolbox-run-x", "mount_accessor": ready.accessor(), "custom_metadata": {}}
    methods = ready.client().sys.list_auth_methods()["data"]
    for body in (
        own | {"name": "boss"},
        own | {"canonical_id": entity},
        own | {"mount_accessor": methods["approle/"]["accessor"]},
        {"name": "toolbox-run-x"},
    ):
        with pytest.raises(SecretsForbidden):
            client._connection.use(
                lambda vault, body=body: vault.adapter.post("/v1/identity/entity-alias", json=body),
                "a name",
            )


def test_a_vault_that_was_set_back_is_told_anew_what_a_name_stands_for(ready, role):
    client = SecretsClient(role)
    client.write("toolkits/alpha/api", {"key": "a"})
    RunSecrets(client, grant("alpha", ["api"]), 60).get("toolkits/alpha/api")
    root = ready.client()
    for found in root.list("identity/entity-alias/id")["data"]["keys"]:
        root.delete(f"identity/entity-alias/id/{found}")
    run = RunSecrets(client, grant("alpha", ["api"]), 60)

    assert run.get("toolkits/alpha/api").fields == {"key": "a"}
    assert [receipt.scoped for receipt in run.receipts] == [True]


def test_a_run_whose_token_ended_before_it_gets_another(ready, role):
    client = SecretsClient(role)
    client.write("toolkits/alpha/long", {"key": "a"})
    run = RunSecrets(client, grant("alpha", ["long"]), 60)
    run.get("toolkits/alpha/long")
    token = run._token

    ready.client().auth.token.revoke(token.token)

    assert run.get("toolkits/alpha/long").fields == {"key": "a"}
    assert [(receipt.scoped, receipt.times) for receipt in run.receipts] == [(True, 2)]


def test_the_token_of_a_run_ends_with_the_run(role):
    client = SecretsClient(role)
    client.write("toolkits/alpha/run", {"key": "a"})
    run = RunSecrets(client, grant("alpha", ["run"]), 60)
    assert run.get("toolkits/alpha/run").fields == {"key": "a"}
    token = run._token
    assert [receipt.path for receipt in run.receipts] == ["toolkits/alpha/run"]
    assert run.receipts[0].scoped

    run.close()

    with pytest.raises(SecretsForbidden):
        client.get("toolkits/alpha/run", by=token)


def test_the_token_of_a_run_that_nobody_ends_has_a_time_limit(ready, role):
    client = SecretsClient(role)

    token = client.run_token(grant("alpha", []), 90)

    found = ready.client().auth.token.lookup(token.token)["data"]
    assert 0 < found["ttl"] <= 90
    assert not found["renewable"]
    assert "toolbox" not in found["policies"]


def test_without_the_role_for_runs_the_platforms_own_token_serves_and_says_so(
    ready, role, caplog
):
    client = SecretsClient(role)
    client.write("toolkits/alpha/plain", {"key": "a"})
    ready.client().delete("auth/token/roles/toolbox-run")

    run = RunSecrets(client, grant("alpha", ["plain"]), 60)

    assert run.get("toolkits/alpha/plain").fields == {"key": "a"}
    assert not run.receipts[0].scoped
    assert "bootstrap_vault" in caplog.text
    assert "role toolbox-run" in caplog.text
    ready.make_ready()
    forget()


def test_each_act_is_recorded_by_path_and_version_and_never_by_value(openbao, db):
    client = secrets.client()
    client.write("team/audited", {"password": "hunter2-hunter2"})
    client.read("team/audited")
    client.delete("team/audited")

    events = list(Event.objects.filter(name__startswith="secret.").order_by("id"))
    assert [event.name for event in events] == ["secret.written", "secret.read", "secret.deleted"]
    assert all(event.details["path"] == "team/audited" for event in events)
    assert events[1].details["version"] == "1"
    assert "hunter2" not in str([vars(event) for event in events])


def test_no_error_and_no_repr_shows_the_credentials(role):
    client = SecretsClient(replace(role, addr="http://127.0.0.1:1"))

    with pytest.raises(SecretsUnavailable) as caught:
        client.check()

    shown = f"{caught.value!r} {client!r} {role!r} {settings.VAULT!r}"
    assert role.secret_id not in shown
