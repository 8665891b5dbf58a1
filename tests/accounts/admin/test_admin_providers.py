"""Sign-in providers in the admin: forms by kind, tests, secrets that go to Vault."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Provider, User
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_USER
from tests.support.factories import make_user
from toolbox import secrets

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/provider/"
OIDC = {
    "name": "SSO", "slug": "sso", "enabled": "on", "position": "10",
    "settings-issuer": "http://localhost:1", "settings-client_id": "toolbox",
    "settings-scopes": "openid\nprofile", "settings-token_auth": "client_secret_basic",
    "settings-algorithms": ["RS256"], "settings-username_claim": "preferred_username",
    "settings-name_claim": "name", "settings-email_claim": "email",
    "settings-groups_claim": "groups", "settings-logout": "on",
}  # fmt: skip


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user("root", roles=[SYSTEM_ADMIN]))
    return client


def add(client: Client, **changes: Any) -> Any:
    return client.post(f"{LIST}add/?kind=oidc", {**OIDC, **changes})


@pytest.mark.parametrize("kind", ["oidc", "ldap", "ad"])
def test_each_kind_has_its_form(client: Client, kind: str) -> None:
    assert f"?kind={kind}" in client.get(f"{LIST}add/").content.decode()
    page = client.get(f"{LIST}add/?kind={kind}").content.decode()
    assert ("Issuer" in page) == (kind == "oidc")
    assert ("Default domain" in page) == (kind == "ad")
    assert "Test connection" in page
    assert ("Load metadata" in page) == (kind == "oidc")


def test_a_provider_is_added_and_its_secret_created_in_vault(client: Client, openbao: Any) -> None:
    mapping = "ops = toolkit.user @ net.ping"
    response = add(client, **{"new-client_secret": "the secret itself", "mappings": mapping})
    assert response.status_code == 302, response.content.decode()[:3000]
    row = Provider.objects.get(slug="sso")
    reference = row.secrets["client_secret"]
    assert reference == {"mount": "sre", "path": "auth/providers/sso", "key": "client_secret"}
    assert secrets.client().read(reference["path"])["client_secret"] == "the secret itself"
    assert row.mappings == [
        {"group": "ops", "role": TOOLKIT_USER, "toolkit": "net", "operation": "ping"}
    ]
    page = client.get(f"{LIST}{row.pk}/change/").content.decode()
    assert "the secret itself" not in page
    assert "ops = toolkit.user @ net.ping" in page
    assert "auth/providers/sso" in page


def test_what_is_left_empty_keeps_the_secret(client: Client, openbao: Any) -> None:
    add(client, **{"new-client_secret": "kept"})
    row = Provider.objects.get(slug="sso")
    reference = row.secrets["client_secret"]
    kept = {f"secret-client_secret-{name}": value for name, value in reference.items()}
    client.post(f"{LIST}{row.pk}/change/", {**OIDC, "name": "Renamed", **kept})
    row.refresh_from_db()
    assert (row.name, row.secrets["client_secret"]) == ("Renamed", reference)


def test_testing_says_what_failed_and_saves_nothing(client: Client) -> None:
    page = add(client, _test="1").content.decode()
    assert "/.well-known/openid-configuration: localhost:1 does not answer" in page
    assert "Pool" not in page, "no names of a library's classes"
    assert "/delete/" not in page, "what is not there yet cannot be removed"
    assert "type it again" not in page
    page = add(client, _metadata="1", **{"new-client_secret": "the secret itself"}).content.decode()
    assert "notice-error" in page
    assert "the secret itself" not in page
    assert "type it again" in page
    assert not Provider.objects.filter(slug="sso").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings-issuer": "ftp://x"}, "is not an https address"),
        ({"settings-client_id": ""}, "This field is required"),
        ({"settings-ca_cert": "nonsense"}, "is not a certificate"),
        ({"mappings": "ops toolkit.user"}, "is not: group = role"),
        ({"mappings": "ops = root"}, "the role is none of"),
        ({"slug": "local"}, "another provider has this short name"),
        ({"secret-client_secret-path": "../x"}, "within the mount"),
        ({"settings-issuer": "http://id.example.com"}, "is not an https address"),
        ({}, "is needed: the client proves itself by client_secret_basic"),
    ],
)
def test_what_makes_no_sense_is_named_at_its_field(
    client: Client, change: dict[str, str], said: str
) -> None:
    page = add(client, **change).content.decode()
    assert said in page
    assert "see the fields that are marked" in page
    assert 'value="toolbox"' in page or "settings-client_id" in change, "what was typed stays"
    assert Provider.objects.count() == 1


def test_a_provider_of_the_environment_is_shown_and_not_changed(client: Client) -> None:
    row = Provider.objects.create(
        slug="env", name="Env", kind="oidc", managed_by="environment",
        settings={"issuer": "https://x", "client_id": "c"},
    )  # fmt: skip
    assert "changed there" in client.get(f"{LIST}{row.pk}/change/").content.decode()
    client.post(f"{LIST}{row.pk}/change/", {**OIDC, "slug": "env", "name": "Mine"})
    row.refresh_from_db()
    assert row.name == "Env"
    assert client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_provider_is_removed_and_local_accounts_are_not(client: Client) -> None:
    row = Provider.objects.create(slug="old", name="Old", kind="oidc")
    client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"})
    local = Provider.objects.get()
    assert local.slug == "local"
    assert client.post(f"{LIST}{local.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_bind_password_of_a_directory_is_tested_before_it_is_saved(
    client: Client, openbao: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.support import slapd

    server = slapd.start(tmp_path_factory.mktemp("slapd"))
    try:
        form = client.get(f"{LIST}add/?kind=ldap").context["form"]
        data = {name: field.value() for name, field in ((f.name, f) for f in form) if field.value()}
        settings = {f"settings-{k}": v for k, v in server.settings().items()}
        settings["settings-urls"] = server.ldaps
        data |= {"name": "Corp", "slug": "corp", **settings, "_test": "1"}
        wrong = client.post(f"{LIST}add/?kind=ldap", {**data, "new-bind_password": "wrong"})
        assert "invalidCredentials" in wrong.content.decode()
        right = {**data, "new-bind_password": slapd.READER_PASSWORD}
        page = client.post(f"{LIST}add/?kind=ldap", right).content.decode()
        assert "Connected to localhost, encrypted; bound." in page
    finally:
        server.stop()
    assert not Provider.objects.filter(slug="corp").exists()


def test_a_user_of_another_role_finds_no_providers(user: User) -> None:
    client = Client()
    client.force_login(user)
    assert client.get(LIST).status_code == 404
