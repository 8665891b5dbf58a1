"""The settings form of a toolkit."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from tests.support.factories import make_row
from toolbox import secrets
from toolkits import settings_store
from toolkits.models import Toolkit, ToolkitSettings

ADDRESS = "/toolkits/net/settings/"
REFERENCE = {"$vault": "toolkits/net/settings#token"}


@pytest.fixture
def kit(db: None) -> Toolkit:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "limit": {"type": "integer", "minimum": 1, "default": 5},
            "token": {
                "anyOf": [{"type": "string", "x-secret": True}, {"type": "null"}],
                "default": None,
            },
        },
    }
    return make_row("net", settings={"schema": schema, "secret_fields": ["token"]})


def test_settings_are_there_for_curators_alone(client: Client, user: User, kit: Toolkit) -> None:
    client.force_login(user)
    assert client.get(ADDRESS).status_code == 404
    assert client.post(ADDRESS, {"limit": "9"}).status_code == 404
    assert not ToolkitSettings.objects.exists()


def test_a_toolkit_without_settings_has_no_such_page(client: Client, curator: User) -> None:
    make_row("plain")
    client.force_login(curator)
    assert client.get("/toolkits/plain/settings/").status_code == 404


def test_settings_are_saved_and_a_stored_secret_stays(
    client: Client, curator: User, kit: Toolkit
) -> None:
    ToolkitSettings.objects.create(toolkit=kit, data={"limit": 5, "token": REFERENCE})
    client.force_login(curator)
    text = client.get(ADDRESS).content.decode()
    assert "Set: leave empty to keep it" in text
    assert "$vault" not in text
    assert client.post(ADDRESS, {"limit": "9", "token": ""}).status_code == 302
    row = ToolkitSettings.objects.get()
    assert row.data == {"limit": 9, "token": REFERENCE}
    assert row.updated_by == curator
    event = Event.objects.get(name="toolkit.settings_changed")
    assert event.changes == {"fields": ["limit"]}


@pytest.mark.parametrize("vault_is_there", [True, False])
def test_a_secret_that_is_removed_leaves_vault_and_the_others_stay(
    client: Client, curator: User, openbao: Any, monkeypatch: Any, caplog: Any, vault_is_there: bool
) -> None:
    secret = {"anyOf": [{"type": "string", "x-secret": True}, {"type": "null"}], "default": None}
    schema = {"type": "object", "properties": {"token": secret, "password": secret}}
    kit = make_row("net", settings={"schema": schema, "secret_fields": ["token", "password"]})
    settings_store.save(kit, {"token": "tok-tok-tok", "password": "pass-pass"}, curator)
    client.force_login(curator)
    if not vault_is_there:
        monkeypatch.setattr(secrets.SecretsClient, "without", away)

    client.post(ADDRESS, {"token": "", "token:clear": "on", "password": ""})

    row = ToolkitSettings.objects.get().data
    assert (row["token"], row["password"]) == (None, {"$vault": "toolkits/net/settings#password"})
    kept = secrets.client().read("toolkits/net/settings")
    if vault_is_there:
        assert kept == {"password": "pass-pass"}
    else:
        assert "token of toolkits/net/settings remain in Vault" in caplog.text


def away(*_: Any) -> None:
    raise secrets.SecretsUnavailable("Vault does not answer in time.")


def test_settings_that_do_not_fit_are_shown_again(
    client: Client, curator: User, kit: Toolkit
) -> None:
    client.force_login(curator)
    answer = client.post(ADDRESS, {"limit": "0"})
    assert answer.status_code == 422
    assert "Must be at least 1" in answer.content.decode()
