"""Active Directory's names, filters and attributes, against slapd with Microsoft's schema."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from accounts.models import Provider
from accounts.providers import directory
from accounts.providers.config import AdSettings
from accounts.providers.problems import ProviderRefused
from tests.support import ad_double, slapd
from tests.support.slapd import PASSWORD

Make = Callable[..., Provider]


@pytest.fixture
def ad(make_provider: Make) -> Provider:
    return make_provider(
        kind="ad",
        settings={
            "user_base": slapd.STAFF, "default_domain": "corp.example.com", "nested": "walk",
        },
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["dana", "DANA", "CORP\\dana", "dana@corp.example.com", "Dana@Corp.Example.Com"]
)
def test_every_way_to_write_a_name_finds_the_account(ad: Provider, name: str) -> None:
    claims = directory.verify(ad, name, PASSWORD)
    assert claims.username == "dana"
    assert claims.display_name == "Dana Doe"
    assert claims.email == "dana@corp.example.com"
    assert claims.groups == ("everybody", "loop", "netops", "sre")
    assert claims.subject == str(uuid.uuid5(slapd.GUID, "dana"))


def test_a_filter_by_bits_leaves_disabled_accounts_out(make_provider: Make) -> None:
    enabled = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
    query = f"(&(objectClass=user){enabled}{{name}})"
    provider = make_provider(
        kind="ad", settings={"user_base": slapd.STAFF, "user_filter": query, "nested": "walk"}
    )
    assert directory.verify(provider, "dana", PASSWORD).username == "dana"
    with pytest.raises(ProviderRefused):
        directory.verify(provider, "ed", PASSWORD)


@pytest.mark.parametrize(
    "name",
    ["dana@other.example.com", "CORP\\*", "*", "CORP\\dana)(cn=*", "*@corp.example.com", "\\", "@"],
)
def test_other_names_and_filters_find_nobody(ad: Provider, name: str) -> None:
    with pytest.raises(ProviderRefused):
        directory.verify(ad, name, PASSWORD)


def settings(**changes: object) -> AdSettings:
    data = {"urls": ["ldaps://dc.example.com"], "user_base": "dc=corp", **changes}
    return AdSettings.model_validate(data)


def test_the_defaults_are_those_of_active_directory() -> None:
    found = settings(default_domain="corp.example.com")
    assert directory.user_filter(found, "dana") == (
        "(&(objectClass=user)(|(sAMAccountName=dana)(userPrincipalName=dana@corp.example.com)))"
    )
    assert found.subject_attribute == "objectGUID"
    assert found.username_attribute == "sAMAccountName"


def test_groups_are_asked_for_in_chain() -> None:
    query = directory.group_filter(settings(), "CN=Dana (x),OU=Staff", chain=True)
    assert query == "(member:1.2.840.113556.1.4.1941:=CN=Dana \\28x\\29,OU=Staff)"


def test_where_the_server_has_no_such_rule_groups_are_walked(make_provider: Make) -> None:
    """OpenLDAP takes the filter, has no rule for it, and would say that there are no groups."""
    provider = make_provider(
        kind="ad", settings={"user_base": slapd.STAFF, "nested": "chain"},
    )  # fmt: skip
    found = directory.verify(provider, "dana", PASSWORD).groups
    assert found == ("everybody", "loop", "netops", "sre")


DANA, GROUP = "CN=Dana (x),OU=Staff,DC=corp", "CN={},OU=Groups,DC=corp"


def group(name: str, *members: str) -> dict[str, dict[str, list[bytes]]]:
    values = [member.encode() for member in members]
    return {GROUP.format(name): {"cn": [name.encode()], "member": values}}


def test_a_server_that_has_the_rule_is_asked_once_and_in_chain(tmp_path: Path) -> None:
    """What goes over the wire, against a server that follows the rule as Microsoft describes it."""
    guid = uuid.uuid4()
    dana = {"sAMAccountName": [b"dana"], "displayName": [b"Dana"], "objectGUID": [guid.bytes_le],
            "userAccountControl": [b"512"]}  # fmt: skip
    entries = {
        DANA: dana, **group("netops", DANA), **group("sre", GROUP.format("netops")),
        **group("everybody", GROUP.format("sre"), GROUP.format("loop")),
        **group("loop", GROUP.format("everybody")), **group("admins", "CN=Eve,DC=corp"),
    }  # fmt: skip
    with ad_double.running(entries, tmp_path) as server:
        provider = Provider(
            slug="corp", kind="ad",
            settings={"urls": [server.url], "ca_cert": server.ca, "bind_dn": "",
                      "user_base": "OU=Staff,DC=corp", "group_base": "OU=Groups,DC=corp",
                      "user_filter": "(&{name})"},
        )  # fmt: skip
        claims = directory.verify(provider, "dana", "any password: this server takes them all")
        assert claims.groups == ("everybody", "loop", "netops", "sre")
        asked = {part for part in server.asked if part[0]}
        assert asked == {(ad_double.IN_CHAIN, "member", DANA)}
        assert directory.look_up(provider, [str(guid)])[str(guid)] is not None
        dana["userAccountControl"] = [b"514"]
        assert directory.look_up(provider, [str(guid)]) == {str(guid): None}, "disabled"


def test_an_object_guid_is_written_as_a_uuid() -> None:
    guid = uuid.uuid4()
    entry = {"raw_attributes": {"objectGUID": [guid.bytes_le]}}
    assert directory._subject(entry, "objectGUID") == str(guid)
