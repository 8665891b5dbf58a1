"""The address of a client behind reverse proxies."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.test import Client, override_settings

from toolbox.proxies import client_address

CASES = [
    # trusted, who connected, X-Forwarded-For, the client
    ([], "192.0.2.1", "", "192.0.2.1"),
    ([], "192.0.2.1", "203.0.113.9", "192.0.2.1"),
    (["10.0.0.0/8"], "192.0.2.1", "203.0.113.9", "192.0.2.1"),
    (["10.0.0.0/8"], "10.0.0.2", "203.0.113.9", "203.0.113.9"),
    (["10.0.0.0/8"], "10.0.0.2", "", "10.0.0.2"),
    (["10.0.0.0/8"], "10.0.0.2", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
    (["10.0.0.0/8"], "10.0.0.2", "203.0.113.9, 10.0.0.3", "203.0.113.9"),
    (["10.0.0.0/8"], "10.0.0.2", "10.9.9.9, 10.0.0.3", "10.9.9.9"),
    (["10.0.0.0/8"], "10.0.0.2", "203.0.113.9, nonsense", "10.0.0.2"),
    (["10.0.0.0/8"], "10.0.0.2", "nonsense, 203.0.113.9", "203.0.113.9"),
    (["10.0.0.0/8"], "10.0.0.2", "203.0.113.9:51234", "203.0.113.9"),
    (["::1"], "::1", "[2001:db8::7]:443", "2001:db8::7"),
    (["::1"], "::1", "2001:db8::7", "2001:db8::7"),
    (["127.0.0.1"], "::ffff:127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
    ([], "", "203.0.113.9", ""),
    (["unix"], "", "203.0.113.9", "203.0.113.9"),
    (["unix"], "", "", ""),
]


@pytest.mark.parametrize(("trusted", "remote", "forwarded", "client"), CASES)
def test_only_what_trusted_proxies_wrote_is_believed(
    trusted: list[str], remote: str, forwarded: str, client: str
) -> None:
    with override_settings(TRUSTED_PROXIES=trusted):
        assert client_address(remote, forwarded) == client


@override_settings(TRUSTED_PROXIES=["not-a-network"])
def test_a_bad_setting_stops_the_start_and_says_why() -> None:
    found = [error for error in run_checks() if error.id == "audit.E001"]
    assert "not-a-network" in found[0].msg


@pytest.mark.parametrize(
    ("trusted", "proto", "strict"),
    [
        (["127.0.0.1"], "https", True),
        (["127.0.0.1"], "http", False),
        (["127.0.0.1"], "", False),
        ([], "https", False),
        (["10.0.0.0/8"], "https", False),
    ],
)
def test_that_the_browser_spoke_https_is_believed_of_trusted_proxies_alone(
    client: Client, trusted: list[str], proto: str, strict: bool
) -> None:
    headers = {"X-Forwarded-Proto": proto} if proto else {}
    with override_settings(TRUSTED_PROXIES=trusted, SECURE_HSTS_SECONDS=31_536_000):
        answer = client.get("/livez", headers=headers)
    assert ("Strict-Transport-Security" in answer.headers) is strict
