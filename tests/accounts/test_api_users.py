"""Accounts, roles, grants and providers in the API; and nobody gets further than their role."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts import sessions
from accounts.models import Grant, Provider, RolePolicy, SessionKind, User
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from audit.models import Event
from tests.support.factories import make_token, make_user

pytestmark = pytest.mark.django_db

USERS = "/api/v1/users/"


@pytest.fixture
def admin() -> User:
    return make_user("root", roles=[SYSTEM_ADMIN])


class Api:
    """The API as somebody."""

    def __init__(self, user: User) -> None:
        self.client = Client()
        self.client.force_login(user)

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return self.client.generic(
            method, path, _json(body), content_type="application/json"
        )


def _json(body: Any) -> str:
    import json

    return "" if body is None else json.dumps(body)


@pytest.fixture
def api(admin: User) -> Api:
    return Api(admin)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_accounts_are_listed_filtered_and_paged(api: Api, user: User) -> None:
    make_user("carla", roles=[TOOLKIT_CURATOR])
    make_user("off", is_active=False)

    def names(query: str = "") -> list[str]:
        return sorted(row["username"] for row in api("GET", USERS + query).json()["results"])

    assert names() == ["carla", "off", "root", "uma"]
    assert names("?role=toolkit.curator") == ["carla"]
    assert names("?active=false") == ["off"]
    assert names("?q=ARL") == ["carla"]
    page = api("GET", USERS + "?limit=3").json()
    rest = api("GET", page["next"]).json()
    assert len(page["results"]) + len(rest["results"]) == 4
    assert api("GET", USERS + "?rle=x").status_code == 400
    assert "md5$" not in str(page)


def test_the_list_costs_a_bounded_number_of_queries(
    api: Api, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_user(f"many{number}", roles=list(CORE_ROLES))
    with django_assert_max_num_queries(14):
        assert len(api("GET", USERS).json()["results"]) == 31


def test_an_account_is_created_changed_and_deleted(api: Api) -> None:
    body = {"username": "new", "email": "n@example.com", "roles": [TOOLKIT_USER]}
    made = api("POST", USERS, body)
    assert made.status_code == 201
    path = f"{USERS}{made.json()['id']}/"
    assert made.json()["has_password"] is False
    change = {"display_name": "New", "roles": [TOOLKIT_CURATOR], "is_active": False}
    changed = api("PATCH", path, change)
    assert (changed.json()["display_name"], changed.json()["roles"]) == ("New", [TOOLKIT_CURATOR])
    assert changed.json()["is_active"] is False
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert Event.objects.filter(name="user.deleted").exists()


@pytest.mark.parametrize(
    "body",
    [
        {"is_superuser": True}, {"is_staff": True}, {"user_permissions": [1]}, {"groups": [3]},
        {"kind": "service"}, {"id": "x"}, {"password": "x" * 20}, {"last_login": None},
    ],
    ids=lambda body: next(iter(body)),
)  # fmt: skip
def test_what_is_not_offered_cannot_be_set(api: Api, user: User, body: dict[str, Any]) -> None:
    before = User.objects.values().get(pk=user.pk)
    assert api("PATCH", f"{USERS}{user.pk}/", body).status_code in {400, 422}
    assert User.objects.values().get(pk=user.pk) == before


@pytest.mark.parametrize("role", [TOOLKIT_USER, TOOLKIT_CURATOR])
def test_below_an_administrator_accounts_are_not_there(user: User, role: str) -> None:
    api = Api(make_user("eve", roles=[role]))
    for method, path in [
        ("GET", USERS), ("POST", USERS), ("GET", f"{USERS}{user.pk}/"),
        ("PATCH", f"{USERS}{user.pk}/"), ("DELETE", f"{USERS}{user.pk}/"),
        ("GET", "/api/v1/roles/"), ("GET", "/api/v1/providers/"), ("POST", "/api/v1/invitations/"),
    ]:  # fmt: skip
        assert api(method, path, {} if method != "GET" else None).status_code == 404, path


def test_nobody_raises_themselves(api: Api, admin: User) -> None:
    make_user("second", roles=[SYSTEM_ADMIN])
    path = f"{USERS}{admin.pk}/"
    assert api("PATCH", path, {"roles": list(CORE_ROLES)}).status_code == 403
    grant = {"role": TOOLKIT_CURATOR, "toolkit_slug": "net"}
    assert api("POST", path + "grants/", grant).status_code == 403
    assert api("PATCH", path, {"is_active": False}).status_code == 403
    assert api("DELETE", path).status_code == 403


def test_a_clerk_with_permissions_but_no_role_cannot_touch_an_administrator(admin: User) -> None:
    clerk = make_user("clerk")
    wanted = ["view_user", "add_user", "change_user", "delete_user"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    api, path = Api(clerk), f"{USERS}{admin.pk}/"
    make_user("second", roles=[SYSTEM_ADMIN])
    assert api("PATCH", path, {"email": "mine@example.com"}).status_code == 403
    assert api("PATCH", path, {"roles": []}).status_code == 403
    assert api("DELETE", path).status_code == 403
    assert api("POST", path + "password-link/").status_code == 403
    assert api("DELETE", path + "factors/").status_code == 403
    assert api("DELETE", path + "sessions/").status_code == 403
    assert api("POST", USERS, {"username": "x", "roles": [SYSTEM_ADMIN]}).status_code == 403
    assert not User.objects.filter(username="x").exists(), "all of it or nothing"
    body = {"username": "x", "roles": [SYSTEM_ADMIN]}
    assert api("POST", "/api/v1/invitations/", body).status_code == 403


def test_the_last_administrator_stays(api: Api, admin: User) -> None:
    other = Api(make_user("second", roles=[SYSTEM_ADMIN]))
    path = f"{USERS}{admin.pk}/"
    assert other("PATCH", path, {"is_active": False}).status_code == 200
    second = User.objects.get(username="second")
    assert other("DELETE", f"{USERS}{second.pk}/").status_code == 403
    assert fresh(second).is_active


def test_sessions_and_tokens_of_others_are_seen_and_ended(api: Api, user: User) -> None:
    row = sessions.begin(user, SessionKind.BROWSER, seconds=600)
    token, _ = make_token(user)
    path = f"{USERS}{user.pk}/"
    assert api("GET", path + "sessions/").json()[0]["id"] == str(row.pk)
    assert api("DELETE", f"{path}sessions/{row.pk}/").status_code == 204
    assert api("DELETE", f"{path}tokens/{token.pk}/").status_code == 204
    assert api("GET", path + "tokens/").json() == []
    event = Event.objects.get(name="auth.session_ended")
    assert event.details["reason"] == "ended by an administrator"


def test_a_session_under_the_wrong_account_is_not_found(api: Api, user: User) -> None:
    row = sessions.begin(user, SessionKind.BROWSER, seconds=600)
    other = make_user()
    assert api("DELETE", f"{USERS}{other.pk}/sessions/{row.pk}/").status_code == 404
    token, _ = make_token(user)
    assert api("DELETE", f"{USERS}{other.pk}/tokens/{token.pk}/").status_code == 404


def test_a_service_account_gets_its_tokens_from_an_administrator(api: Api) -> None:
    made = api("POST", USERS, {"username": "robot", "kind": "service", "roles": [TOOLKIT_USER]})
    body = {"name": "ci", "scopes": ["run"], "expires_at": "2026-12-24T00:00:00Z"}
    token = api("POST", f"{USERS}{made.json()['id']}/tokens/", body)
    assert token.status_code == 201, token.content
    robot = Client(headers={"Authorization": f"Bearer {token.json()['token']}"})
    found = robot.get("/api/v1/auth/me/")
    assert found.json()["username"] == "robot"
    assert api("POST", f"{USERS}{made.json()['id']}/password-link/").status_code == 403


def test_a_person_gets_no_token_from_an_administrator(api: Api, user: User) -> None:
    body = {"name": "x", "scopes": ["run"], "expires_at": "2026-12-24T00:00:00Z"}
    assert api("POST", f"{USERS}{user.pk}/tokens/", body).status_code == 403


def test_grants_are_given_and_taken(api: Api, user: User) -> None:
    path = f"{USERS}{user.pk}/grants/"
    made = api("POST", path, {"toolkit_slug": "net", "operation": "ping"})
    assert made.status_code == 201
    assert api("POST", path, {"toolkit_slug": "net", "operation": "ping"}).status_code in {400, 422}
    assert api("GET", path).json()[0]["operation"] == "ping"
    assert api("DELETE", f"{path}{made.json()['id']}/").status_code == 204
    assert not Grant.objects.exists()


def test_roles_tell_what_they_may_do_and_ask_for_a_second_factor(api: Api) -> None:
    roles = {role["name"]: role for role in api("GET", "/api/v1/roles/").json()}
    assert set(roles) == set(CORE_ROLES)
    assert "accounts.change_user" in roles[SYSTEM_ADMIN]["permissions"]
    assert roles[SYSTEM_ADMIN]["members"] == 1
    changed = api("PATCH", "/api/v1/roles/system.admin/", {"requires_mfa": True})
    assert changed.json()["requires_mfa"] is True
    assert RolePolicy.objects.get().requires_mfa
    assert api("PATCH", "/api/v1/roles/nobody/", {"requires_mfa": True}).status_code == 404
    assert Event.objects.filter(name="role.changed").count() == 1


BASE = {"urls": ["ldaps://localhost:1"], "user_base": "ou=people"}
LDAP = {"slug": "corp", "name": "Corp", "kind": "ldap", "settings": BASE}


def test_providers_are_made_changed_tested_and_removed(api: Api) -> None:
    made = api("POST", "/api/v1/providers/", LDAP)
    assert made.status_code == 201, made.content
    path = f"/api/v1/providers/{made.json()['id']}/"
    mappings = [{"group": "ops", "role": TOOLKIT_USER}]
    changed = api("PATCH", path, {"mappings": mappings, "enabled": False}).json()
    assert changed["mappings"] == mappings
    tested = api("POST", path + "test/").json()
    assert tested["ok"] is False
    assert "No server answers" in tested["lines"][0]
    assert api("POST", path + "metadata/").status_code == 409
    assert api("DELETE", path).status_code == 204
    names = list(Event.objects.filter(name__startswith="provider.").values_list("name", flat=True))
    assert set(names) == {
        "provider.created", "provider.changed", "provider.tested", "provider.removed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"settings": {**BASE, "urls": ["ldap://x"], "start_tls": False}}, "clear"),
        ({"settings": {**BASE, "urls": ["http://x"]}}, "urls"),
        ({"settings": {**BASE, "user_filter": "(uid=*)"}}, "user_filter"),
        ({"settings": {**BASE, "bind_password": "x"}}, "bind_password"),
        ({"settings": {**BASE, "ca_cert": "x"}}, "ca_cert"),
        ({"secrets": {"client_secret": {"path": "x"}}}, "client_secret"),
        ({"secrets": {"bind_password": {"path": "../root"}}}, "path"),
        ({"mappings": [{"group": "ops", "role": "root"}]}, "role"),
        ({"mappings": [{"group": "ops", "role": SYSTEM_ADMIN, "toolkit": "net"}]}, "narrowed"),
        ({"kind": "local"}, "kind"),
        ({"slug": "a b"}, "slug"),
    ],
)
def test_a_provider_that_makes_no_sense_is_refused(
    api: Api, change: dict[str, Any], place: str
) -> None:
    response = api("POST", "/api/v1/providers/", {**LDAP, **change})
    assert response.status_code in {400, 422}
    assert place in response.content.decode()
    assert Provider.objects.count() == 1


def test_local_accounts_stay_while_nobody_can_get_in_otherwise(api: Api) -> None:
    local = Provider.objects.get(slug="local")
    path = f"/api/v1/providers/{local.pk}/"
    assert api("PATCH", path, {"enabled": False}).status_code == 409
    assert api("DELETE", path).status_code == 403


def test_the_ways_to_sign_in_are_public_and_tell_no_settings() -> None:
    Provider.objects.create(
        slug="sso", name="SSO", kind="oidc", settings={"issuer": "https://x", "client_id": "c"}
    )
    found = Client().get("/api/v1/auth/providers/").json()
    local, sso = found
    assert local["slug"] == "local"
    assert sso == {
        "slug": "sso", "name": "SSO", "kind": "oidc", "takes_password": False,
        "url": "/account/oidc/sso/",
    }  # fmt: skip


def test_a_personal_token_administers_only_with_the_scope_for_it(admin: User) -> None:
    _, run = make_token(admin, scopes=["read", "run"])
    _, manage = make_token(admin, scopes=["read", "manage"])
    body = {"username": "new"}

    def post(token: str) -> int:
        client = Client(headers={"Authorization": f"Bearer {token}"})
        return int(client.post(USERS, body, content_type="application/json").status_code)

    assert post(run) == 403
    assert post(manage) == 201
    _, narrow = make_token(admin, scopes=["read", "manage"], toolkits=["net"])
    assert post(narrow) == 404
