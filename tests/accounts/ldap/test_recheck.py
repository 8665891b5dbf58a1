"""Whoever leaves the directory, or a group, is out here at most one access token later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import ldap3
import pytest
from django.test import Client
from django.utils import timezone

from accounts import sessions
from accounts.models import (
    Identity,
    PersonalToken,
    Provider,
    SessionKind,
    User,
    UserSession,
)
from accounts.providers import recheck, rows
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from audit.models import Event
from tests.support import slapd
from tests.support.factories import make_token, make_user
from tests.support.slapd import PASSWORD, Slapd

Make = Callable[..., Provider]
MAPPINGS = [
    {"group": "temps", "role": TOOLKIT_CURATOR},
    {"group": "temps", "role": TOOLKIT_USER, "toolkit": "sample"},
]
DN, GROUP = slapd.uid("tess"), slapd.cn("temps")


@pytest.fixture
def tess(ldap_server: Slapd) -> Iterator[ldap3.Connection]:
    """Somebody who comes and goes; the connection is the directory's administrator's."""
    entry = {"uid": "tess", "cn": "Tess", "sn": "Tess", "userPassword": PASSWORD}
    with slapd.administering(ldap_server) as root:
        assert root.add(DN, "inetOrgPerson", entry), root.result
        assert root.add(GROUP, "groupOfNames", {"cn": "temps", "member": [DN, slapd.uid("bob")]})
        yield root
        root.delete(GROUP)
        root.delete(DN)


@pytest.fixture
def provider(make_provider: Make) -> Provider:
    return make_provider(mappings=MAPPINGS, default_roles=[TOOLKIT_USER])


def sign_in() -> Client:
    client = Client()
    body = {"username": "tess", "password": PASSWORD, "provider": "corp"}
    answer = client.post("/api/v1/auth/login/", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    client.access = answer.json()["access"]  # type: ignore[attr-defined]
    return client


def refresh(client: Client) -> int:
    return int(client.post("/api/v1/auth/refresh/").status_code)


def me(client: Any) -> int:
    headers = {"Authorization": f"Bearer {client.access}"}
    return int(Client().get("/api/v1/auth/me/", headers=headers).status_code)


def user() -> User:
    return User.objects.get(username="tess")


def leave_group(root: ldap3.Connection) -> None:
    assert root.modify(GROUP, {"member": [(ldap3.MODIFY_DELETE, [DN])]}), root.result


def make_due() -> None:
    confirmed_ago(hours=1)


def confirmed_ago(hours: int) -> None:
    """As if the directory had last said something then, and it were time to ask again."""
    Identity.objects.update(checked_at=timezone.now() - timedelta(hours=hours), asked_at=None)


def by_token(text: str) -> int:
    headers = {"Authorization": f"Bearer {text}"}
    return int(Client().get("/api/v1/auth/me/", headers=headers).status_code)


def test_whoever_is_still_there_refreshes_as_before(provider: Provider, tess: Any) -> None:
    client = sign_in()
    assert refresh(client) == 200
    assert user().roles == {TOOLKIT_USER, TOOLKIT_CURATOR}


def test_whoever_is_gone_from_the_directory_cannot_refresh(provider: Provider, tess: Any) -> None:
    client = sign_in()
    tess.delete(DN)
    assert refresh(client) == 401
    assert me(client) == 401, "and the access token of the session ends with it"
    assert user().roles == set()
    assert not user().grants.exists()
    event = Event.objects.get(name="identity.gone")
    assert (event.target_id, event.details) == (str(user().pk), {"provider": "corp"})
    assert not Event.objects.filter(name="auth.token_reused").exists()


def test_whoever_left_a_group_loses_its_roles_at_the_refresh(
    provider: Provider, tess: Any
) -> None:
    client = sign_in()
    leave_group(tess)
    assert refresh(client) == 401, "a lost role ends API sessions"
    assert user().roles == {TOOLKIT_USER}
    assert not user().grants.exists()


def test_the_sweep_finds_who_is_gone_without_anybody_asking(provider: Provider, tess: Any) -> None:
    client = sign_in()
    browser = Client()
    browser.post("/account/login/", {"username": "tess", "password": PASSWORD, "provider": "corp"})
    make_token(user(), scopes=["read"])
    assert recheck.due() == 0, "they were asked for at the sign-in"
    tess.delete(DN)
    make_due()
    assert recheck.sweep() == 1
    assert me(client) == 401
    assert not UserSession.objects.alive().exists()
    assert browser.get("/account/").status_code == 302
    assert PersonalToken.objects.get().revoked_at is not None
    make_due()
    assert recheck.due() == 0, "nobody is asked for who is not in"


def test_the_sweep_maps_groups_anew_for_tokens_too(provider: Provider, tess: Any) -> None:
    sign_in()
    make_token(user(), scopes=["read"])
    UserSession.objects.update(ended_at=timezone.now())
    leave_group(tess)
    make_due()
    assert recheck.sweep() == 1
    assert user().roles == {TOOLKIT_USER}
    assert PersonalToken.objects.get().revoked_at is None


def test_a_filter_that_no_longer_fits_shuts_out(make_provider: Make, tess: Any) -> None:
    query = f"(&(uid={{username}})(memberOf={GROUP}))"
    make_provider(settings={"user_filter": query})
    client = sign_in()
    leave_group(tess)
    assert refresh(client) == 401


def test_a_renamed_person_goes_on(make_provider: Make, tess: Any) -> None:
    make_provider(default_roles=[TOOLKIT_USER])
    client = sign_in()
    assert tess.modify_dn(DN, "uid=tessa"), tess.result
    try:
        assert refresh(client) == 200
        assert Identity.objects.get().name == "tessa"
    finally:
        tess.modify_dn(slapd.uid("tessa"), "uid=tess")


def test_a_directory_that_is_away_ends_nobodys_session(provider: Provider, tess: Any) -> None:
    client = sign_in()
    provider.settings = {**provider.settings, "urls": ["ldaps://localhost:1"]}
    provider.save()
    assert refresh(client) == 200
    make_due()
    assert recheck.sweep() == 1
    assert recheck.due() == 0, "it is asked again a while later, not at once"
    assert UserSession.objects.alive().count() == 1


def test_a_directory_that_is_away_for_too_long_ends_the_sessions_that_it_began(
    provider: Provider, tess: Any
) -> None:
    client = sign_in()
    local = sessions.begin(user(), SessionKind.BROWSER, seconds=3600, provider="local")
    provider.settings = {**provider.settings, "urls": ["ldaps://localhost:1"], "grace_hours": 2}
    provider.save()
    confirmed_ago(hours=1)
    assert recheck.sweep() == 1
    assert refresh(client) == 200, "what it said last still holds"
    confirmed_ago(hours=3)
    assert recheck.sweep() == 1
    assert refresh(client) == 401
    assert me(client) == 401
    assert list(UserSession.objects.alive()) == [local], "what it did not begin goes on"
    ended = Event.objects.filter(name="auth.session_ended").latest("id")
    assert ended.details["reason"] == "the directory is away for too long"


def test_a_refresh_too_ends_the_session_when_the_directory_is_away_for_too_long(
    provider: Provider, tess: Any
) -> None:
    client = sign_in()
    provider.settings = {**provider.settings, "urls": ["ldaps://localhost:1"], "grace_hours": 2}
    provider.save()
    confirmed_ago(hours=3)
    assert refresh(client) == 401


def test_tokens_rest_while_the_directory_is_away_for_too_long_and_wake_when_it_answers(
    provider: Provider, tess: Any
) -> None:
    sign_in()
    _token, text = make_token(user(), scopes=["read"])
    here = provider.settings
    provider.settings = {**here, "urls": ["ldaps://localhost:1"]}
    provider.save()
    assert by_token(text) == 200
    confirmed_ago(hours=25)
    assert by_token(text) == 401
    assert "vouched" in Event.objects.filter(name="token.refused").latest("id").details["reason"]
    provider.settings = here
    provider.save()
    assert recheck.sweep() == 1
    assert by_token(text) == 200


def test_tokens_rest_while_the_provider_of_their_owner_is_switched_off(
    provider: Provider, tess: Any
) -> None:
    boss = make_user("boss", roles=[SYSTEM_ADMIN])
    sign_in()
    _token, text = make_token(user(), scopes=["read"])
    provider.enabled = False
    rows.save(boss, provider)
    assert by_token(text) == 401
    provider.enabled = True
    rows.save(boss, provider)
    assert by_token(text) == 200


def test_a_base_that_shows_nothing_ends_nobodys_session(
    provider: Provider, tess: Any, ldap_server: Slapd
) -> None:
    """As where the reader's rights were taken: nothing found is no proof then."""
    client = sign_in()
    provider.secrets = {}
    provider.settings = {**provider.settings, "bind_dn": ""}
    provider.save()
    assert refresh(client) == 200


def test_a_provider_switched_off_or_removed_ends_its_sessions_at_once(
    provider: Provider, tess: Any
) -> None:
    boss = make_user("boss", roles=[SYSTEM_ADMIN])
    client = sign_in()
    provider.enabled = False
    rows.save(boss, provider)
    assert me(client) == 401
    provider.enabled = True
    rows.save(boss, provider)
    client = sign_in()
    assert me(client) == 200
    rows.remove(boss, provider)
    assert me(client) == 401


def test_a_local_session_of_the_same_person_goes_on(provider: Provider, tess: Any) -> None:
    sign_in()
    found = user()
    found.set_password("a long local passphrase")
    found.save()
    local = Client()
    body = {"username": "tess", "password": "a long local passphrase", "provider": "local"}
    assert local.post("/account/login/", body).status_code == 302
    tess.delete(DN)
    make_due()
    recheck.sweep()
    assert local.get("/account/").status_code == 200
    assert not UserSession.objects.alive().exclude(provider="local").exists()
