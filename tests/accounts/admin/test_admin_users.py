"""Accounts in the admin: what administrators do there, and what nobody can."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import sessions, throttle
from accounts.models import (
    Factor,
    Grant,
    Identity,
    Invitation,
    PersonalToken,
    Provider,
    RolePolicy,
    SessionKind,
    SignInThrottle,
    User,
    UserKind,
    UserSession,
)
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support.factories import make_token, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


@pytest.fixture
def admin() -> User:
    return make_user("root", roles=[SYSTEM_ADMIN])


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(admin: User) -> Client:
    return client_of(admin)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def form(
    user: User | None = None, grants: list[dict[str, str]] | None = None, **fields: Any
) -> dict[str, Any]:
    rows = grants or []
    data: dict[str, Any] = {
        "username": user.username if user else "new", "email": "", "display_name": "",
        "account_kind": "person", "is_active": "on", "grants-TOTAL_FORMS": str(len(rows)),
        "grants-INITIAL_FORMS": "0", **fields,
    }  # fmt: skip
    for number, row in enumerate(rows):
        data |= {f"grants-{number}-{name}": value for name, value in row.items()}
    for name in ("identities", "sessions", "personal_tokens", "factors"):
        data |= {f"{name}-TOTAL_FORMS": "0", f"{name}-INITIAL_FORMS": "0"}
    return {name: value for name, value in data.items() if value is not None}


def act(client: Client, action: str, *rows: Any, where: str = LIST) -> Any:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(where, data, follow=True)


def test_the_list_shows_roles_and_ways_to_sign_in_at_a_fixed_cost(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        user = make_user(f"many{number}", roles=[TOOLKIT_USER])
        sessions.begin(user, SessionKind.BROWSER, seconds=600)
    with django_assert_max_num_queries(22):
        page = client.get(LIST).content.decode()
    assert "many19" in page
    assert "toolkit.user" in page


def test_an_account_is_added_with_roles_and_without_a_password(client: Client) -> None:
    response = client.post(LIST + "add/", form(email="n@example.com", roles=[TOOLKIT_USER]))
    assert response.status_code == 302, response.content.decode()[:3000]
    user = User.objects.get(username="new")
    assert user.roles == {TOOLKIT_USER}
    assert not user.has_usable_password()


def test_an_account_is_changed_and_granted(client: Client, user: User) -> None:
    grant = {"role": TOOLKIT_USER, "toolkit_slug": "net", "operation": "ping", "sees_jobs": "on"}
    data = form(user, [grant], display_name="Uma", roles=[TOOLKIT_CURATOR])
    assert client.post(f"{LIST}{user.pk}/change/", data).status_code == 302
    found = fresh(user)
    assert (found.display_name, found.roles) == ("Uma", {TOOLKIT_CURATOR})
    assert str(found.grants.get()) == "toolkit.user for net.ping"
    assert "ping" in client.get(f"{LIST}{user.pk}/change/").content.decode()


def test_fields_that_are_not_offered_cannot_be_posted(client: Client, user: User) -> None:
    data = form(user, is_superuser="on", is_staff="on", user_permissions=["1", "2"], password="x")
    before = fresh(user).password
    client.post(f"{LIST}{user.pk}/change/", data)
    found = fresh(user)
    assert not found.is_superuser
    assert not found.user_permissions.exists()
    assert found.password == before


def test_a_curator_gets_nowhere(curator: User, user: User) -> None:
    client = client_of(curator)
    for path in (LIST, f"{LIST}{user.pk}/change/", f"{LIST}add/", "/admin/accounts/provider/"):
        assert client.get(path).status_code in {403, 404}, path
    client.post(f"{LIST}{curator.pk}/change/", form(curator, roles=list(CORE_ROLES)))
    act(client, "disable", user)
    assert fresh(curator).roles == {TOOLKIT_CURATOR}
    assert fresh(user).is_active


def test_an_administrator_cannot_change_their_own_rights(client: Client, admin: User) -> None:
    make_user("second", roles=[SYSTEM_ADMIN])
    grant = {"role": TOOLKIT_CURATOR, "toolkit_slug": "net"}
    data = form(admin, [grant], roles=list(CORE_ROLES))
    response = client.post(f"{LIST}{admin.pk}/change/", data, follow=True)
    assert "Nobody changes their own roles" in response.content.decode()
    assert fresh(admin).roles == {SYSTEM_ADMIN}
    client.post(f"{LIST}{admin.pk}/change/", form(admin, [grant], roles=[SYSTEM_ADMIN]))
    assert not Grant.objects.exists()


def test_a_clerk_cannot_touch_an_administrator_by_form_or_bulk_action(admin: User) -> None:
    clerk = make_user("clerk", roles=[TOOLKIT_CURATOR])
    wanted = ["view_user", "add_user", "change_user", "delete_user"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=wanted))
    make_user("second", roles=[SYSTEM_ADMIN])
    client = client_of(clerk)
    before = User.objects.values().get(pk=admin.pk)
    change = form(admin, email="x@example.com")
    assert client.post(f"{LIST}{admin.pk}/change/", change).status_code == 403
    assert client.post(f"{LIST}{admin.pk}/delete/", {"post": "yes"}).status_code == 403
    for action in ("disable", "end_sessions", "unlock", "password_link"):
        page = act(client, action, admin).content.decode()
        assert "may not change the account root" in page, action
        assert "/account/invitation/" not in page
    client.post(LIST + "add/", form(roles=[SYSTEM_ADMIN]))
    assert not User.objects.filter(username="new").exists()
    after = User.objects.values().get(pk=admin.pk)
    assert {**before, "last_login": None} == {**after, "last_login": None}


def test_the_last_administrator_is_not_disabled_in_bulk(client: Client, admin: User) -> None:
    other = make_user("second", roles=[SYSTEM_ADMIN])
    page = act(client, "disable", admin, other).content.decode()
    assert "cannot disable your own account" in page
    assert not fresh(other).is_active
    assert fresh(admin).is_active
    act(client_of(admin), "disable", admin)
    assert fresh(admin).is_active


def test_there_is_no_deleting_in_bulk(client: Client, user: User) -> None:
    act(client, "delete_selected", user)
    assert User.objects.filter(pk=user.pk).exists()


def test_an_account_is_deleted_after_asking(client: Client, user: User) -> None:
    client.post(f"{LIST}{user.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(pk=user.pk).exists()


def test_sessions_end_lockouts_end_and_links_are_made(client: Client, user: User) -> None:
    sessions.begin(user, SessionKind.BROWSER, seconds=600)
    for _ in range(5):
        throttle.begin("uma", user, "192.0.2.1").failed()
    act(client, "end_sessions", user)
    assert not UserSession.objects.alive().filter(user=user).exists()
    act(client, "unlock", user)
    assert not SignInThrottle.objects.filter(locked_until__isnull=False).exists()
    page = act(client, "password_link", user).content.decode()
    assert "http://127.0.0.1:8000/account/invitation/?token=" in page


def test_second_factors_are_removed_for_who_lost_theirs(client: Client, user: User) -> None:
    Factor.objects.create(user=user, kind="passkey", name="Lost phone", credential="x")
    act(client, "drop_factors", user)
    assert not Factor.objects.exists()


def test_one_session_and_one_token_are_ended(client: Client, user: User) -> None:
    row = sessions.begin(user, SessionKind.API, seconds=600)
    kept = sessions.begin(user, SessionKind.API, seconds=600)
    token, text = make_token(user)
    act(client, "end", row, where="/admin/accounts/usersession/")
    assert [found.pk for found in UserSession.objects.alive().filter(user=user)] == [kept.pk]
    page = client.get("/admin/accounts/personaltoken/").content.decode()
    assert token.hint in page
    assert text not in page
    act(client, "revoke", token, where="/admin/accounts/personaltoken/")
    assert not PersonalToken.objects.filter(revoked_at=None).exists()


def test_a_token_is_made_for_a_service_account_and_shown_once(client: Client, admin: User) -> None:
    robot = make_user("robot", roles=[TOOLKIT_USER], kind=UserKind.SERVICE)
    add = "/admin/accounts/personaltoken/add/"
    page = client.get(f"{LIST}{robot.pk}/change/").content.decode()
    assert f"{add}?user={robot.pk}" in page
    page = client.get(f"{add}?user={robot.pk}").content.decode()
    assert f'<option value="{robot.pk}" selected>' in page
    form = {"user": robot.pk, "name": "ci", "scopes": ["read"], "days": 30, "addresses": "x"}
    assert "not an address" in client.post(add, form).content.decode()
    made = client.post(add, {**form, "addresses": "127.0.0.0/8", "toolkits": "net"})
    (text,) = re.findall(r'value="(srt_[\w-]+)"', made.content.decode())
    assert "no-store" in made["Cache-Control"]
    token = PersonalToken.objects.get()
    assert (token.user, token.toolkits, token.addresses) == (robot, ["net"], ["127.0.0.0/8"])
    headers = {"Authorization": f"Bearer {text}"}
    assert Client().get("/api/v1/auth/me/", headers=headers).json()["username"] == "robot"
    assert text not in client.get("/admin/accounts/personaltoken/").content.decode()


def test_nobody_gets_a_token_for_a_person_or_past_their_own_rights(
    client: Client, admin: User
) -> None:
    add = "/admin/accounts/personaltoken/add/"
    form = {"name": "x", "scopes": ["read"], "days": 30}
    person = make_user("uma", roles=[TOOLKIT_USER])
    assert "Select a valid choice" in client.post(add, {**form, "user": person.pk}).content.decode()
    boss_bot = make_user("bossbot", roles=[SYSTEM_ADMIN], kind=UserKind.SERVICE)
    clerk = make_user("clerk", roles=[TOOLKIT_CURATOR])
    may = Permission.objects.filter(codename__in=["view_user", "change_user"])
    clerk.user_permissions.add(*may)
    client_of(clerk).post(add, {**form, "user": boss_bot.pk})
    assert not PersonalToken.objects.exists()


def test_no_page_shows_a_digest_or_a_session_key(client: Client, user: User) -> None:
    token, _ = make_token(user)
    client_of(user).get("/account/")
    row = UserSession.objects.get(user=user)
    shown = "".join(
        client.get(path).content.decode()
        for path in (
            f"/admin/accounts/personaltoken/{token.pk}/change/",
            f"/admin/accounts/usersession/{row.pk}/change/",
            f"{LIST}{user.pk}/change/",
        )
    )
    for secret in (token.digest, row.session_key, fresh(user).password):
        assert secret not in shown


def test_somebody_is_invited_and_the_link_is_shown_once(client: Client) -> None:
    body = {"email": "n@example.com", "username": "", "roles": [TOOLKIT_USER]}
    page = client.post("/admin/accounts/invitation/add/", body).content.decode()
    assert "/account/invitation/?token=" in page
    row = Invitation.objects.get()
    again = client.get(f"/admin/accounts/invitation/{row.pk}/change/").content.decode()
    assert "token=" not in again
    act(client, "withdraw", row, where="/admin/accounts/invitation/")
    assert not Invitation.objects.exists()


def test_a_role_asks_for_a_second_factor(client: Client) -> None:
    path = f"/admin/accounts/role/{Group.objects.get(name=TOOLKIT_CURATOR).pk}/change/"
    client.post(path, {"requires_mfa": "on", "permissions": ["1"], "name": "renamed"})
    assert RolePolicy.objects.get().requires_mfa
    assert Group.objects.filter(name=TOOLKIT_CURATOR).exists()
    client.post(path, {})
    assert not RolePolicy.objects.get().requires_mfa


def test_an_identity_is_unlinked(client: Client, user: User) -> None:
    provider = Provider.objects.create(slug="corp", name="Corp", kind="ldap")
    row = Identity.objects.create(user=user, provider=provider, issuer="i", subject="s", name="u")
    act(client, "unlink", row, where="/admin/accounts/identity/")
    assert not Identity.objects.exists()


def test_a_file_of_users_is_checked_and_imported(client: Client) -> None:
    def post(text: bytes, **fields: str) -> str:
        upload = SimpleUploadedFile("users.csv", text)
        response = client.post("/admin/accounts/import/", {"file": upload, **fields})
        return str(response.content.decode())

    text = b"username,roles,link\nann,toolkit.user,yes\n"
    assert "This would be done" in post(text, dry_run="on")
    assert not User.objects.filter(username="ann").exists()
    assert "ann http://127.0.0.1:8000/account/invitation/?token=" in post(text)
    assert User.objects.get(username="ann").roles == {TOOLKIT_USER}
    assert "there is no role root" in post(b"username,roles\nbob,root\n")
