"""LDAP, against a real slapd with TLS and nested groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Grant, Identity, Provider, User
from accounts.providers import directory
from accounts.providers.config import ProviderInvalid
from accounts.providers.problems import ProviderRefused, ProviderUnavailable
from accounts.roles import SYSTEM_ADMIN, TOOLKIT_CURATOR, TOOLKIT_USER
from audit.models import Event
from tests.support import slapd, tls
from tests.support.factories import make_user
from tests.support.slapd import PASSWORD, Slapd

Make = Callable[..., Provider]


def page_sign_in(name: str, password: str = PASSWORD, provider: str = "corp") -> Any:
    body = {"username": name, "password": password, "provider": provider}
    return Client().post("/account/login/", body)


def test_the_right_password_makes_an_account_from_the_entry(corp: Provider) -> None:
    assert page_sign_in("alice").status_code == 302
    user = User.objects.get(username="alice")
    assert user.display_name == "Alice Ångström"
    assert user.email == "alice@example.com"
    assert not user.has_usable_password()
    identity = Identity.objects.get(user=user)
    assert identity.issuer == slapd.PEOPLE.lower()
    assert len(identity.subject) == 36, "the entryUUID"


def test_the_same_person_comes_back_to_the_same_account(corp: Provider) -> None:
    page_sign_in("alice")
    page_sign_in("ALICE")
    assert Identity.objects.count() == 1
    assert User.objects.filter(username__istartswith="alice").count() == 1


def test_the_api_takes_the_directory_too(corp: Provider) -> None:
    body = {"username": "alice", "password": PASSWORD, "provider": "corp"}
    response = Client().post("/api/v1/auth/login/", body, content_type="application/json")
    assert response.status_code == 200, response.content


@pytest.mark.parametrize("how", ["ldaps", "starttls"])
def test_both_ways_to_encrypt_work(make_provider: Make, ldap_server: Slapd, how: str) -> None:
    url = ldap_server.ldaps if how == "ldaps" else ldap_server.ldap
    provider = make_provider(settings={"urls": [url]})
    assert directory.verify(provider, "alice", PASSWORD).username == "alice"


def test_an_unknown_authority_is_refused(make_provider: Make) -> None:
    other = tls.issue("Another CA", ca=True).pem
    provider = make_provider(settings={"ca_cert": other})
    with pytest.raises(ProviderUnavailable, match="certificate verify failed"):
        directory.verify(provider, "alice", PASSWORD)


def test_a_certificate_for_another_host_is_refused(
    make_provider: Make, ldap_server: Slapd
) -> None:
    url = ldap_server.ldaps.replace("localhost", "127.0.0.1")
    with pytest.raises(ProviderUnavailable, match="certificate"):
        directory.verify(make_provider(settings={"urls": [url]}), "alice", PASSWORD)


def test_the_next_server_is_asked_when_the_first_is_away(
    make_provider: Make, ldap_server: Slapd
) -> None:
    provider = make_provider(settings={"urls": ["ldaps://localhost:1", ldap_server.ldaps]})
    assert directory.verify(provider, "bob", PASSWORD).username == "bob"


def test_groups_are_read_through_other_groups_and_round_loops(corp: Provider) -> None:
    assert directory.verify(corp, "alice", PASSWORD).groups == (
        "everybody", "loop", "netops", "sre",
    )  # fmt: skip


def test_nesting_can_be_left_alone(make_provider: Make) -> None:
    provider = make_provider(settings={"nested": "no"})
    assert directory.verify(provider, "alice", PASSWORD).groups == ("netops",)


def test_a_filter_by_memberof_lets_in_members_alone(make_provider: Make) -> None:
    query = f"(&(uid={{username}})(memberOf={slapd.cn('netops')}))"
    provider = make_provider(settings={"user_filter": query})
    assert directory.verify(provider, "alice", PASSWORD).username == "alice"
    with pytest.raises(ProviderRefused):
        directory.verify(provider, "bob", PASSWORD)


@pytest.mark.parametrize("password", ["", " ", "\0", "wrong password", PASSWORD + "\0"])
def test_a_wrong_or_empty_password_is_refused(corp: Provider, password: str) -> None:
    with pytest.raises(ProviderRefused):
        directory.verify(corp, "alice", password)
    assert not page_sign_in("alice", password).has_header("Location")
    assert not Identity.objects.exists()


@pytest.mark.parametrize(
    "name",
    ["*", "a*", "alice)(uid=*", "*)(objectClass=*", "alice\\", "nobody)(|(uid=alice)", "\\2a",
     "alice)(&", "(", ")", "paren(s", "x" * 300, "ali\0ce", "uid=alice"],
)  # fmt: skip
def test_a_name_cannot_change_the_filter(corp: Provider, name: str) -> None:
    with pytest.raises(ProviderRefused):
        directory.verify(corp, name, PASSWORD)


def test_a_name_with_filter_characters_works_as_what_it_is(corp: Provider) -> None:
    assert directory.verify(corp, "paren(s)", PASSWORD).display_name == "Odd Name"


def test_a_dn_cannot_change_the_group_filter(corp: Provider) -> None:
    query = directory.group_filter(
        directory.parse(directory.SETTINGS["ldap"], corp.settings), "cn=x)(cn=*,\\dc=y"
    )
    assert query == "(member=cn=x\\29\\28cn=\\2a,\\5cdc=y)"


def test_a_filter_that_finds_two_people_lets_in_nobody(make_provider: Make) -> None:
    provider = make_provider(settings={"user_filter": "(|(uid={username})(uid=bob))"})
    with pytest.raises(ProviderRefused, match="more than one"):
        directory.verify(provider, "alice", PASSWORD)


def test_unknown_name_and_wrong_password_hear_the_same_and_cost_a_bind_each(
    corp: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    binds = []
    proves = directory.Directory.proves
    monkeypatch.setattr(
        directory.Directory, "proves",
        lambda self, dn, password: binds.append(dn) or proves(self, dn, password),
    )  # fmt: skip
    for name in ("alice", "nobody"):
        assert page_sign_in(name, "wrong password").content.count(b"is not right") == 1
    assert len(binds) == 2


def test_failures_lock_the_name_at_that_directory(corp: Provider) -> None:
    for _ in range(5):
        page_sign_in("alice", "wrong password")
    assert page_sign_in("alice").status_code == 429


def test_a_directory_that_is_away_says_so_and_locks_nobody(make_provider: Make) -> None:
    make_provider(settings={"urls": ["ldaps://localhost:1"]})
    for _ in range(7):
        response = page_sign_in("alice")
    assert response.status_code == 503
    assert "cannot be asked now" in response.content.decode()
    assert "localhost" not in response.content.decode(), "no inner names to strangers"


def test_a_wrong_bind_password_is_named_to_the_administrator(
    make_provider: Make, openbao: Any
) -> None:
    from toolbox import secrets

    provider = make_provider()
    secrets.client().write("auth/providers/tests", {"bind_password": "wrong"})
    with pytest.raises(ProviderUnavailable, match=r"Binding as cn=reader.*invalidCredentials"):
        directory.test(provider)


def test_binding_without_a_password_is_never_tried(make_provider: Make) -> None:
    """A server would take it for an anonymous bind and say yes."""
    provider = make_provider()
    provider.secrets = {}
    with pytest.raises(ProviderUnavailable, match="no password to bind as"):
        directory.test(provider)


def test_testing_says_what_was_found(corp: Provider) -> None:
    lines = directory.test(corp)
    assert any("encrypted" in line for line in lines)
    assert any(slapd.GROUPS in line for line in lines)


@pytest.mark.parametrize(
    "wrong", [{"user_filter": "(&(uid={username}))(x)"}, {"group_filter": "(member={dn})(x"}]
)
def test_testing_names_a_filter_that_is_none(make_provider: Make, wrong: dict[str, str]) -> None:
    with pytest.raises((ProviderUnavailable, ProviderInvalid)):
        directory.test(make_provider(settings=wrong))


def test_testing_names_a_base_that_is_not_there(make_provider: Make) -> None:
    provider = make_provider(settings={"user_base": "ou=nowhere,dc=example,dc=com"})
    with pytest.raises(ProviderUnavailable, match=r"ou=nowhere.*noSuchObject"):
        directory.test(provider)


def test_roles_follow_the_groups_at_every_sign_in(corp: Provider) -> None:
    corp.mappings = [
        {"group": "netops", "role": TOOLKIT_CURATOR},
        {"group": "sre", "role": TOOLKIT_USER},
        {"group": "everybody", "role": TOOLKIT_USER, "toolkit": "net", "operation": "ping"},
    ]
    corp.save()
    page_sign_in("alice")
    user = User.objects.get(username="alice")
    assert user.roles == {TOOLKIT_CURATOR, TOOLKIT_USER}
    assert str(user.grants.get()) == "toolkit.user for net.ping"
    corp.mappings = [{"group": "sre", "role": TOOLKIT_USER}]
    corp.save()
    page_sign_in("alice")
    user = User.objects.get(username="alice")
    assert user.roles == {TOOLKIT_USER}
    assert not user.grants.exists()


def test_what_a_person_gave_stays_when_the_groups_change(corp: Provider) -> None:
    corp.mappings = [{"group": "sre", "role": TOOLKIT_CURATOR}]
    corp.save()
    page_sign_in("bob")
    user = User.objects.get(username="bob")
    Grant.objects.create(user=user, role=TOOLKIT_USER, toolkit_slug="disk")
    from accounts import users

    users.set_roles(users.SYSTEM, user, [TOOLKIT_CURATOR, TOOLKIT_USER])
    corp.mappings = []
    corp.save()
    page_sign_in("bob")
    user = User.objects.get(username="bob")
    assert user.roles == {TOOLKIT_USER}
    assert user.grants.get().toolkit_slug == "disk"


def test_a_directory_cannot_take_away_the_last_administrator(corp: Provider) -> None:
    corp.mappings = [{"group": "admins", "role": SYSTEM_ADMIN}]
    corp.save()
    page_sign_in("eve")
    corp.mappings = []
    corp.save()
    page_sign_in("eve")
    assert SYSTEM_ADMIN in User.objects.get(username="eve").roles
    make_user("second", roles=[SYSTEM_ADMIN])
    page_sign_in("eve")
    assert User.objects.get(username="eve").roles == frozenset()


def test_an_address_or_name_of_somebody_else_links_nobody(corp: Provider) -> None:
    admin = make_user("alice", email="alice@example.com", roles=[SYSTEM_ADMIN])
    page_sign_in("alice")
    user = Identity.objects.get().user
    assert user != admin
    assert user.username == "alice@corp"
    assert user.email == ""
    assert user.roles == frozenset()


def test_a_disabled_account_is_refused_whatever_the_directory_says(corp: Provider) -> None:
    page_sign_in("alice")
    User.objects.filter(username="alice").update(is_active=False)
    assert page_sign_in("alice").status_code == 200
    assert Event.objects.filter(details__reason="the account is disabled").exists()


def test_a_changed_or_disabled_provider_works_at_once(corp: Provider) -> None:
    Provider.objects.update(enabled=False)
    assert not page_sign_in("alice").has_header("Location")
    Provider.objects.update(enabled=True)
    assert page_sign_in("alice").has_header("Location")


def test_two_directories_know_two_people_of_one_name(make_provider: Make) -> None:
    make_provider("corp")
    make_provider("lab")
    page_sign_in("alice", provider="corp")
    page_sign_in("alice", provider="lab")
    assert {identity.user.username for identity in Identity.objects.all()} == {"alice", "alice@lab"}


def test_a_local_password_does_not_open_the_directory_account(corp: Provider) -> None:
    page_sign_in("alice")
    assert page_sign_in("alice", provider="local").status_code == 200
