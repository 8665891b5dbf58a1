"""Providers from the environment: applied, kept, taken back, and refused with reasons."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import housekeeping, invitations, sessions
from accounts.models import Invitation, Provider, SessionKind, User, UserSession
from accounts.providers import bootstrap
from accounts.providers.config import ProviderInvalid
from accounts.roles import TOOLKIT_USER
from audit.models import Event
from toolbox.health.checks import run_checks

pytestmark = pytest.mark.django_db

CORP = {
    "slug": "corp", "name": "Corp", "type": "oidc", "issuer": "https://id.example.com",
    "client_id": "toolbox", "client_secret_vault": {
        "mount": "sre", "path": "auth/corp", "key": "secret", "engine": "kv-v2", "version": 3,
    },
    "mappings": [{"group": "ops", "role": TOOLKIT_USER, "toolkit": "net"}],
}  # fmt: skip
AD = {
    "name": "Head Office", "kind": "ad", "urls": ["ldaps://dc.example.com"], "user_base": "dc=x",
    "default_domain": "example.com", "bind_dn": "cn=svc", "position": 5,
    "bind_password_vault": {"path": "auth/ad"},
}  # fmt: skip


def test_providers_are_made_from_the_text_and_shown_at_once(settings: Any) -> None:
    settings.AUTH_PROVIDERS_JSON = json.dumps([CORP, AD])
    page = Client().get("/account/login/").content.decode()
    assert "/account/oidc/corp/" in page
    assert "Head Office" in page
    corp, office = Provider.objects.get(slug="corp"), Provider.objects.get(slug="head-office")
    assert corp.secrets["client_secret"]["version"] == 3
    assert corp.managed_by == "environment"
    assert office.settings["default_domain"] == "example.com"
    slugs = [provider.slug for provider in Provider.objects.all()]
    assert slugs == ["local", "head-office", "corp"]


def test_a_changed_text_changes_the_rows_and_what_is_gone_goes(settings: Any) -> None:
    own = Provider.objects.create(slug="own", name="Own", kind="ldap")
    settings.AUTH_PROVIDERS_JSON = json.dumps([CORP, AD])
    bootstrap.ensure()
    first = Provider.objects.get(slug="corp")
    settings.AUTH_PROVIDERS_JSON = json.dumps([{**CORP, "name": "Renamed"}])
    assert bootstrap.ensure() is True
    assert bootstrap.ensure() is False
    again = Provider.objects.get(slug="corp")
    assert (again.pk, again.name) == (first.pk, "Renamed")
    assert not Provider.objects.filter(slug="head-office").exists()
    assert Provider.objects.filter(pk=own.pk).exists()
    names = list(Event.objects.filter(name__startswith="provider.").values_list("name", flat=True))
    assert names.count("provider.created") == 2
    assert names.count("provider.changed") == 1
    assert names.count("provider.removed") == 1


def test_asking_again_costs_one_query(settings: Any, django_assert_num_queries: Any) -> None:
    settings.AUTH_PROVIDERS_JSON = json.dumps([CORP])
    bootstrap.ensure()
    with django_assert_num_queries(1):
        bootstrap.ensure()


def test_a_file_does_the_same(settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "providers.json"
    file.write_text(json.dumps([AD]))
    settings.AUTH_PROVIDERS_FILE = str(file)
    bootstrap.ensure()
    assert Provider.objects.filter(slug="head-office").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("{}", "is not a list of objects"),
        ("[1]", "is not a list of objects"),
        ('[{"name": "x", "kind": "saml"}]', "'saml' is none of"),
        (json.dumps([CORP, CORP]), "is there twice"),
        (json.dumps([{**CORP, "issuer": "id.example.com"}]), "corp.issuer"),
        (json.dumps([{**CORP, "client_secret": "in the clear"}]), "corp.client_secret"),
        (json.dumps([{**CORP, "colour": "red"}]), "corp.colour"),
        (json.dumps([{**CORP, "default_roles": ["root"]}]), "default_roles"),
        (json.dumps([{**CORP, "client_secret_vault": {"key": "x"}}]), "client_secret.path"),
        (json.dumps([{**CORP, "client_secret_vault": None}]), "corp.client_secret: is needed"),
        (json.dumps([{**AD, "bind_password_vault": None}]), "bind_password: is needed"),
        (json.dumps([{**CORP, "issuer": "http://id.example.com"}]), "corp.issuer"),
    ],
)
def test_what_makes_no_sense_is_named_and_stops_the_start(
    settings: Any, text: str, said: str
) -> None:
    settings.AUTH_PROVIDERS_JSON = text
    with pytest.raises(ProviderInvalid, match=said.replace("[", r"\[")):
        bootstrap.parse(text)
    (found,) = run_checks(["sign-in"])
    assert not found.ok
    assert said in found.detail
    assert "AUTH_PROVIDERS" in found.hint
    assert Client().get("/account/login/").status_code == 200, "who runs already goes on"
    assert Provider.objects.count() == 1


def test_a_secret_in_the_clear_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ProviderInvalid) as caught:
        bootstrap.parse(json.dumps([{**CORP, "client_secret": "hunter2"}]))
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(settings: Any) -> None:
    settings.AUTH_PROVIDERS_FILE = "/nowhere/providers.json"
    (found,) = run_checks(["sign-in"])
    assert "cannot be read" in found.detail


def test_what_is_of_no_use_any_more_is_cleared_away(user: User) -> None:
    old = sessions.begin(user, SessionKind.API, seconds=1)
    UserSession.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=40))
    invitations.invite(None, username="late")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=40))
    living = sessions.begin(user, SessionKind.API, seconds=600)
    assert housekeeping.prune() == 2
    assert UserSession.objects.get().pk == living.pk
