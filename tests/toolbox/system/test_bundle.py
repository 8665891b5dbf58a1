"""The support bundle holds what helps, and no secret."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from audit.models import Event
from tests.support.factories import make_user
from toolbox.system import bundle, facts
from toolbox.system.masking import known_secrets

SECRET = "hvs.CAESIJ-planted-vault-token"
PASSWORD = "pl4nted-redis-password"


@pytest.fixture
def planted(settings: Any) -> None:
    """Secrets in the configuration, and one of them in a warning."""
    settings.VAULT = replace(settings.VAULT, token=SECRET)
    settings.REDIS_URL = f"redis://:{PASSWORD}@127.0.0.1:1/0"
    settings.CONFIGURATION_VARIABLES = {
        **settings.CONFIGURATION_VARIABLES,
        "REDIS_URL": replace(
            settings.CONFIGURATION_VARIABLES["REDIS_URL"], given=settings.REDIS_URL, is_set=True
        ),
    }
    logging.getLogger("toolbox.test").warning("sign-in with %s failed", SECRET)


def opened(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.django_db
def test_no_secret_is_in_it(planted: None) -> None:
    files = opened(bundle.build({"own": lambda: {"note": f"token {SECRET}", SECRET: [PASSWORD]}}))
    whole = "\n".join(files.values())
    assert "sign-in with" in files["warnings.json"]
    assert {SECRET, PASSWORD} <= known_secrets()
    assert [secret for secret in known_secrets() if secret in whole] == []


@pytest.mark.django_db
def test_it_holds_health_versions_configuration_and_counts(planted: None) -> None:
    files = opened(bundle.build({}))
    health = {check["name"]: check["ok"] for check in json.loads(files["health.json"])}
    assert health["database"] is True
    assert json.loads(files["versions.json"])["SRE Toolbox"]
    settings = {entry["name"]: entry for entry in json.loads(files["configuration.json"])}
    assert settings["REDIS_URL"]["value"].endswith("@127.0.0.1:1/0")
    assert settings["AUTH_JWT_SECRET"]["is_set"] is True
    assert settings["AUTH_JWT_SECRET"]["value"] == "••••"
    assert any(count["name"] == "Jobs" for count in json.loads(files["counts.json"]))


@pytest.mark.django_db
def test_counting_stops_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_COUNTED", 2)
    for _ in range(4):
        make_user()
    users = next(count for count in facts.counts() if count.name == "Users")
    assert (users.rows, users.capped) == (2, True)


def test_downloading_it_is_recorded(client: Client, db: None) -> None:
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    response = client.post(reverse("admin:support-bundle"))
    assert "attachment" in response["Content-Disposition"]
    assert "queues.json" in opened(response.content)
    assert Event.objects.get(name="support.bundle_made").actor_label == "sys"


def test_a_link_does_not_make_one(client: Client, db: None) -> None:
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    assert client.get(reverse("admin:support-bundle")).status_code == 405


def test_curators_find_neither_the_page_nor_the_bundle(client: Client, curator: User) -> None:
    client.force_login(curator)
    assert client.get(reverse("admin:system")).status_code == 404
    assert client.post(reverse("admin:support-bundle")).status_code == 404


def test_the_page_shows_health_and_versions_and_no_secret(
    client: Client, db: None, planted: None
) -> None:
    client.force_login(make_user("sys", roles=[SYSTEM_ADMIN]))
    page = client.get(reverse("admin:system")).content.decode()
    assert "VAULT_ADDR" in page
    assert "needs attention" in page
    assert [secret for secret in known_secrets() if secret in page] == []
