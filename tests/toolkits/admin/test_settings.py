"""Editing a toolkit's settings in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from audit.models import Event
from tests.support.factories import make_row, make_user
from toolbox import secrets
from toolkits import settings_store
from toolkits.models import Toolkit, ToolkitSettings

SCHEMA = {
    "type": "object",
    "properties": {
        "timeout_seconds": {"type": "number", "default": 5.0, "minimum": 1, "title": "Timeout"},
        "token": {
            "anyOf": [{"type": "string", "format": "password", "x-secret": True}, {"type": "null"}],
            "default": None,
            "title": "Token",
        },
    },
}


@pytest.fixture
def toolkit(db: None) -> Toolkit:
    return make_row("sample", settings={"schema": SCHEMA, "secret_fields": ["token"]})


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def url(toolkit: Toolkit) -> str:
    return reverse("admin:toolkits_toolkit_settings", args=[toolkit.pk])


def test_settings_are_shown_with_their_defaults_and_saved(
    signed_in: Client, toolkit: Toolkit
) -> None:
    assert "5" in signed_in.get(url(toolkit)).content.decode()
    response = signed_in.post(url(toolkit), {"timeout_seconds": "9", "token": ""})
    assert response.status_code == 302
    assert settings_store.public(toolkit)["timeout_seconds"] == 9
    event = Event.objects.get(name="toolkit.settings_changed")
    assert event.actor_label == "carl"


def test_what_does_not_fit_is_said_at_its_field(signed_in: Client, toolkit: Toolkit) -> None:
    response = signed_in.post(url(toolkit), {"timeout_seconds": "0", "token": ""})
    assert response.status_code == 422
    assert "at least 1" in response.content.decode()
    assert not ToolkitSettings.objects.exists()


def test_a_secret_is_stored_in_vault_and_never_shown(
    signed_in: Client, toolkit: Toolkit, openbao: Any
) -> None:
    signed_in.post(url(toolkit), {"timeout_seconds": "5", "token": "s3cret-token-value"})
    row = ToolkitSettings.objects.get()
    assert "s3cret" not in str(row.data)
    assert secrets.client().read("toolkits/sample/settings")["token"] == "s3cret-token-value"
    page = signed_in.get(url(toolkit)).content.decode()
    assert "s3cret" not in page
    assert "Set: leave empty" in page


def test_a_secret_is_removed_from_form_and_vault(
    signed_in: Client, toolkit: Toolkit, openbao: Any
) -> None:
    assert "Not set" in signed_in.get(url(toolkit)).content.decode()
    signed_in.post(url(toolkit), {"timeout_seconds": "5", "token": "s3cret-token-value"})
    signed_in.post(url(toolkit), {"timeout_seconds": "5", "token": "", "token:clear": "on"})
    assert ToolkitSettings.objects.get().data["token"] is None
    assert "Not set" in signed_in.get(url(toolkit)).content.decode()
    with pytest.raises(secrets.SecretNotFound):
        secrets.client().read("toolkits/sample/settings")


def test_an_empty_secret_keeps_what_is_stored(
    signed_in: Client, toolkit: Toolkit, openbao: Any
) -> None:
    signed_in.post(url(toolkit), {"timeout_seconds": "5", "token": "s3cret-token-value"})
    assert signed_in.post(url(toolkit), {"timeout_seconds": "7", "token": ""}).status_code == 302
    revealed, _ = settings_store.reveal(toolkit)
    assert revealed == {"timeout_seconds": 7, "token": "s3cret-token-value"}


def test_settings_are_hidden_from_who_may_not_configure(client: Client, toolkit: Toolkit) -> None:
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    assert client.get(url(toolkit)).status_code == 404
    assert client.post(url(toolkit), {"timeout_seconds": "9"}).status_code == 404


def test_a_toolkit_without_settings_has_no_page(signed_in: Client) -> None:
    assert signed_in.get(url(make_row("plain"))).status_code == 404
