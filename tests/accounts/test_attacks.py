"""Attacks on accounts that no other file of this folder tries: docs/security.md lists them all."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import importing, invitations, provisioning, tokens, users
from accounts.importing import ImportRefused
from accounts.mfa import totp
from accounts.models import Invitation, PersonalToken, Provider, User, UserSession
from accounts.problems import NotAllowed
from accounts.providers import rows
from accounts.providers.claims import Claims
from accounts.roles import CORE_ROLES, SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support.factories import PASSWORD, make_user
from tests.support.processes import BASE

pytestmark = pytest.mark.django_db

LOGIN, SECOND, CONFIRM = "/account/login/", "/account/second-factor/", "/account/confirm/"
TOKENS = "/api/v1/auth/tokens/"
ELSEWHERE = ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]


@pytest.fixture
def clerk() -> User:
    """Somebody who may do everything with accounts and providers, and is no administrator."""
    made = make_user("clerk", roles=[TOOLKIT_CURATOR], email="clerk@example.com")
    wanted = Permission.objects.filter(content_type__app_label__in=["accounts", "auth"])
    made.user_permissions.set(wanted)
    return User.objects.get(pk=made.pk)


@pytest.fixture
def boss() -> User:
    make_user("second", roles=[SYSTEM_ADMIN])
    return make_user("boss", roles=[SYSTEM_ADMIN], email="boss@example.com")


def signed_in(user: User, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(user)
    return client


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_leads_nowhere_else_after_confirming(user: User, target: str) -> None:
    answer = signed_in(user).post(CONFIRM, {"secret": PASSWORD, "next": target})
    assert answer.url == "/account/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_leads_nowhere_else_after_the_second_step(
    user: User, openbao: Any, target: str
) -> None:
    secret = totp.begin(user)
    totp.add(user, secret, 0)
    client = Client()
    body = {"username": user.username, "password": PASSWORD, "next": target}
    assert client.post(LOGIN, body).url == SECOND
    assert client.post(SECOND, {"code": pyotp.TOTP(secret).now()}).url == "/"


_FORMS = (
    "login", "logout", "account-confirm", "account-device", "account-password",
    "account-preferences", "account-sessions-end", "account-token-new", "password-forgotten",
    "invitation", "recovery-renew", "second-factor", "second-factor-add",
    "admin:accounts_user_add", "admin:accounts_provider_add", "admin:accounts_invitation_add",
    "admin:accounts_personaltoken_add", "admin:accounts_user_changelist", "admin:accounts_import",
)  # fmt: skip


@pytest.mark.parametrize("name", _FORMS)
def test_a_form_without_csrf_token_does_nothing(boss: User, name: str) -> None:
    client = signed_in(boss, enforce_csrf_checks=True)
    assert client.post(reverse(name), {}).status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/", LOGIN, "/account/", "/account/forgotten/", "/admin/", "/admin/accounts/user/", "/jobs/",
     "/api/docs/", "/api/v1/auth/me/", "/nowhere/", "/health"],
)  # fmt: skip
def test_no_answer_can_be_framed(boss: User, path: str) -> None:
    response = signed_in(boss).get(path)
    assert response["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "testserver@evil.example"},
        {"Host": "evil.example:80", "X-Forwarded-Host": "testserver"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [LOGIN, "/account/forgotten/", "/api/v1/auth/providers/"])
def test_a_host_that_is_not_ours_gets_no_answer(headers: dict[str, str], path: str) -> None:
    assert Client().get(path, headers=headers).status_code == 400


def test_an_origin_that_agrees_with_a_forged_forwarded_host_is_not_ours(user: User) -> None:
    headers = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
    body = {"username": user.username, "password": PASSWORD}
    sent = {"content_type": "application/json", "headers": headers}
    assert Client().post("/api/v1/auth/login/", body, **sent).status_code == 403
    assert Client().post("/api/v1/auth/refresh/", **sent).status_code == 403


def test_nobody_below_moves_an_administrators_address_to_have_the_password_mailed(
    clerk: User, boss: User
) -> None:
    for attempt in (
        lambda: users.change_user(clerk, boss, email="clerk2@example.com"),
        lambda: users.change_user(clerk, boss, username="boss2"),
        lambda: invitations.password_link(clerk, boss),
        lambda: users.set_active(clerk, boss, False),
        lambda: users.delete_user(clerk, boss),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    with pytest.raises(ImportRefused, match="may not change the account boss"):
        importing.apply(clerk, importing.read(b"username,email\nboss,clerk2@example.com\n"))
    form = {"username": "boss", "email": "clerk2@example.com", "account_kind": "person",
            "roles": [SYSTEM_ADMIN], "is_active": "on"}  # fmt: skip
    page = reverse("admin:accounts_user_change", args=[boss.pk])
    assert signed_in(clerk).post(page, form).status_code == 403
    assert User.objects.get(pk=boss.pk).email == "boss@example.com"
    assert not Invitation.objects.exists()


def test_nobody_below_makes_an_administrator_by_any_door(clerk: User, boss: User) -> None:
    friend = make_user("friend", roles=[TOOLKIT_USER])
    roles = [TOOLKIT_USER, SYSTEM_ADMIN]
    for attempt in (
        lambda: users.set_roles(clerk, clerk, {TOOLKIT_CURATOR, SYSTEM_ADMIN}),
        lambda: users.set_roles(clerk, friend, roles),
        lambda: users.create_user(clerk, "new", roles=roles),
        lambda: users.create_user(clerk, "bot", kind="service", roles=roles),  # type: ignore[arg-type]
        lambda: invitations.invite(clerk, username="new", roles=roles),
    ):
        with pytest.raises(NotAllowed):
            attempt()
    with pytest.raises(ImportRefused, match=r"may not give or take the role system\.admin"):
        importing.apply(clerk, importing.read(b"username,roles\nfriend,system.admin\n"))
    holders = User.objects.filter(groups__name=SYSTEM_ADMIN)
    assert {user.username for user in holders} == {"boss", "second"}
    assert not Invitation.objects.exists()


def test_nobody_below_sets_up_who_vouches_for_administrators(clerk: User) -> None:
    given = {"group": "everybody", "role": SYSTEM_ADMIN}
    provider = Provider(
        slug="mine", name="Mine", kind="oidc", mappings=[given],
        settings={"issuer": "https://id.example.com", "client_id": "x", "token_auth": "none"},
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        rows.save(clerk, provider)
    there = Provider.objects.create(
        slug="corp", name="Corp", kind="oidc", settings=provider.settings
    )
    there.default_roles = [SYSTEM_ADMIN]
    with pytest.raises(NotAllowed):
        rows.save(clerk, there)
    with pytest.raises(NotAllowed):
        rows.remove(clerk, there)
    assert Provider.objects.get(slug="corp").default_roles == []


def test_a_stolen_access_token_or_a_borrowed_browser_makes_nothing_that_outlives_it(
    user: User,
) -> None:
    days = (timezone.now() + timedelta(days=300)).isoformat()
    body = {"name": "mine", "scopes": ["manage"], "expires_at": days}
    sent: dict[str, Any] = {"content_type": "application/json"}
    browser = Client()
    browser.post(LOGIN, {"username": user.username, "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {tokens.issue(user).access}"}
    UserSession.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert Client().post(TOKENS, body, headers=bearer, **sent).status_code == 403
    refused = browser.post(TOKENS, body, **sent)
    assert refused.status_code == 403
    assert "confirm who you are" in refused.json()["detail"]
    assert not PersonalToken.objects.exists()
    browser.post(CONFIRM, {"secret": PASSWORD})
    assert browser.post(TOKENS, body, **sent).status_code == 201


def test_a_group_that_is_named_like_a_role_gives_none(boss: User) -> None:
    provider = Provider.objects.create(slug="corp", name="Corp", kind="oidc")
    claims = Claims("https://id", "sub", "boss", "boss@example.com", "Boss", tuple(CORE_ROLES))
    made = provisioning.user_for(provider, claims)
    assert made != boss
    assert made.roles == frozenset()
    assert (made.username, made.email) == ("boss@corp", "")


def test_every_attack_that_the_documents_list_has_its_test() -> None:
    text = (BASE / "docs" / "security.md").read_text()
    table = text.partition("## Attacks and their tests")[2].partition("\n## ")[0]
    rows_of_it = [line for line in table.splitlines() if line.startswith("| ") and "`" in line]
    assert len(rows_of_it) > 20
    for row in rows_of_it:
        file, *names = re.findall(r"`([^`]+)`", row.rpartition("| ")[2])
        source = (BASE / "tests" / file).read_text()
        assert names, row
        for name in names:
            assert f"def test_{name}(" in source, f"{file} has no test_{name}"
