"""Links by which people set their own password, and what they cannot be used for."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts import invitations, users
from accounts.invitations import InvitationRefused
from accounts.models import Invitation, User
from accounts.problems import NotAllowed
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from accounts.rules import SYSTEM
from tests.support.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NEW = "a new and longer passphrase"


@pytest.fixture
def admin() -> User:
    return make_user("root", roles=[SYSTEM_ADMIN])


def path(link: str) -> str:
    return link.removeprefix("http://127.0.0.1:8000")


def token(link: str) -> str:
    return link.partition("token=")[2]


def open_link(link: str) -> Client:
    client = Client()
    response = client.get(path(link))
    assert response.url == "/account/invitation/", "the token leaves the address at once"
    return client


def test_an_invited_person_sets_name_and_password_and_has_the_roles(admin: User) -> None:
    _, link = invitations.invite(admin, email="new@example.com", roles=[TOOLKIT_USER])
    client = open_link(link)
    assert "Welcome" in client.get("/account/invitation/").content.decode()
    body = {"username": "newbie", "display_name": "New", "new": NEW, "again": NEW}
    assert client.post("/account/invitation/", body).url == "/account/login/"
    user = User.objects.get(username="newbie")
    assert (user.email, user.roles) == ("new@example.com", {TOOLKIT_USER})
    assert Client().login(username="newbie", password=NEW)


def test_a_link_is_good_once(admin: User) -> None:
    _, link = invitations.invite(admin, username="newbie")
    invitations.accept(token(link), password=NEW)
    with pytest.raises(InvitationRefused):
        invitations.accept(token(link), password=NEW)
    client = open_link(link)
    assert client.get("/account/invitation/").status_code == 404


def test_what_is_posted_cannot_add_roles_or_take_another_name(admin: User) -> None:
    _, link = invitations.invite(admin, username="newbie", roles=[TOOLKIT_USER])
    body = {
        "username": "other", "new": NEW, "again": NEW, "roles": SYSTEM_ADMIN,
        "is_superuser": "on", "is_active": "on", "email": "boss@example.com",
    }  # fmt: skip
    open_link(link).post("/account/invitation/", body)
    user = User.objects.exclude(pk=admin.pk).get()
    assert (user.username, user.email, user.roles) == ("newbie", "", {TOOLKIT_USER})
    assert not user.is_superuser


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"new": "short", "again": "short"}, "too short"),
        ({"new": NEW, "again": "another"}, "not the same"),
        ({"new": "password1234", "again": "password1234"}, "too common"),
    ],
)
def test_a_password_that_does_not_fit_leaves_the_link_good(
    admin: User, body: dict[str, str], said: str
) -> None:
    _, link = invitations.invite(admin, username="newbie")
    client = open_link(link)
    assert said in client.post("/account/invitation/", body).content.decode()
    assert invitations.find(token(link))


def test_links_run_out_and_are_void_when_taken_back(admin: User) -> None:
    row, link = invitations.invite(admin, username="newbie")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvitationRefused):
        invitations.find(token(link))
    row, link = invitations.invite(admin, username="newbie")
    invitations.withdraw(admin, row)
    with pytest.raises(InvitationRefused):
        invitations.find(token(link))


def test_a_promise_dies_with_the_rights_of_who_made_it(admin: User) -> None:
    second = make_user("second", roles=[SYSTEM_ADMIN])
    _, link = invitations.invite(second, username="newbie", roles=[SYSTEM_ADMIN])
    users.set_roles(admin, second, [])
    with pytest.raises(InvitationRefused):
        invitations.accept(token(link), password=NEW)
    assert not User.objects.filter(username="newbie").exists()


def test_curators_invite_nobody(curator: User) -> None:
    with pytest.raises(NotAllowed):
        invitations.invite(curator, username="friend", roles=[TOOLKIT_CURATOR])


def test_a_name_or_address_that_is_taken_is_told_to_the_administrator(admin: User) -> None:
    make_user("uma", email="uma@example.com")
    for fields in ({"username": "UMA"}, {"email": "Uma@Example.com"}, {"email": "no address"}):
        with pytest.raises(ValidationError):
            invitations.invite(admin, **fields)


def test_the_token_is_kept_as_a_digest(admin: User) -> None:
    _, link = invitations.invite(admin, username="newbie")
    assert token(link) not in str(list(Invitation.objects.values()))


def test_a_password_link_sets_the_password_and_ends_sessions(admin: User, user: User) -> None:
    inside = Client()
    inside.post("/account/login/", {"username": "uma", "password": PASSWORD})
    _, old = invitations.password_link(admin, user)
    _, link = invitations.password_link(admin, user)
    with pytest.raises(InvitationRefused):
        invitations.find(token(old))
    client = open_link(link)
    client.post("/account/invitation/", {"new": NEW, "again": NEW})
    assert Client().login(username="uma", password=NEW)
    assert inside.get("/account/").status_code == 302


def test_nobody_below_makes_a_password_link_for_an_administrator(
    admin: User, curator: User
) -> None:
    with pytest.raises(NotAllowed):
        invitations.password_link(curator, admin)


def test_a_link_names_our_own_host_whatever_the_request_says(admin: User, user: User) -> None:
    client = Client()
    client.force_login(admin)
    response = client.post(
        f"/api/v1/users/{user.pk}/password-link/", {}, "application/json",
        headers={"Host": "localhost"},
    )  # fmt: skip
    assert response.json()["link"].startswith("http://127.0.0.1:8000/account/invitation/?token=")


def test_the_first_administrator_can_set_their_own_password() -> None:
    out = StringIO()
    call_command("bootstrap_admin", "--username", "first", "--link", stdout=out)
    user = User.objects.get(username="first")
    assert user.roles == set(CORE_ROLES)
    assert not user.has_usable_password()
    invitations.accept(token(out.getvalue().strip()), password=NEW)
    assert Client().login(username="first", password=NEW)


def test_bootstrapping_never_overwrites_a_password(user: User, settings: Any) -> None:
    settings.BOOTSTRAP_ADMIN_PASSWORD = "another long passphrase"
    call_command("bootstrap_admin", "--username", "UMA", stderr=StringIO())
    assert Client().login(username="uma", password=PASSWORD)
    assert SYSTEM_ADMIN not in User.objects.get(pk=user.pk).roles


@pytest.mark.parametrize("value", ["changeme-changeme", "Password-1234567", "admin-admin-admin"])
def test_bootstrapping_refuses_sample_values(value: str, settings: Any) -> None:
    settings.BOOTSTRAP_ADMIN_PASSWORD, settings.APP_ENV = value, "production"
    with pytest.raises(CommandError, match="sample value"):
        call_command("bootstrap_admin")
    assert not User.objects.exists()


def test_system_links_need_nobody() -> None:
    user = make_user("uma")
    _, link = invitations.password_link(SYSTEM, user)
    assert invitations.find(token(link)).user == user
    assert re.fullmatch(r"[\w-]{43}", token(link))
