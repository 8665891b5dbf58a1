"""The session of ``ctx.http``: it reaches what an administrator allows, however it is told to."""

import pytest
import requests
from toolkit_sdk.http import session
from toolkit_sdk.net import Reach

from tests.support import listeners

DENIED = Reach.of(deny=["127.0.0.2/32", "169.254.0.0/16"])


@pytest.fixture
def site():
    """A server that sends on to wherever ``?to=`` says."""

    def answer(seen):
        target = seen.path.partition("?to=")[2]
        return (302, {"Location": target}, b"") if target else (200, {}, b"here")

    with listeners.web(answer) as web:
        yield web


def test_what_is_allowed_is_reached(site):
    assert session(DENIED).get(f"http://127.0.0.1:{site.port}/").text == "here"


@pytest.mark.parametrize("host", ["127.0.0.2", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]"])
def test_a_denied_address_is_not_reached_by_any_spelling(site, host):
    with pytest.raises(requests.ConnectionError, match="administrator denies"):
        session(DENIED).get(f"http://{host}:{site.port}/")

    assert site.seen == []


def test_a_redirect_to_a_denied_address_is_not_followed(site):
    target = f"http://127.0.0.2:{site.port}/secret"

    with pytest.raises(requests.ConnectionError, match="administrator denies"):
        session(DENIED).get(f"http://127.0.0.1:{site.port}/?to={target}")

    assert len(site.seen) == 1


def test_what_a_name_means_is_checked_and_not_the_name(site):
    with pytest.raises(requests.ConnectionError, match="localhost: 127.0.0.1 is in none"):
        session(Reach.of(allow=["10.0.0.0/8"])).get(f"http://localhost:{site.port}/")

    assert site.seen == []


def test_a_proxy_is_no_way_around(site):
    made = session(DENIED)
    made.proxies = {"http": f"http://127.0.0.1:{site.port}"}

    with pytest.raises(requests.ConnectionError, match="through the proxy"):
        made.get("http://169.254.169.254/latest/")
    made.proxies = {"http": f"http://127.0.0.2:{site.port}"}
    with pytest.raises(requests.ConnectionError, match="administrator denies"):
        made.get("http://192.0.2.1/")

    assert site.seen == []


def test_a_proxy_of_the_surroundings_is_not_taken(site, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{listeners.closed_port()}")

    assert session().get(f"http://127.0.0.1:{site.port}/").text == "here"


def test_without_a_rule_the_addresses_of_cloud_credentials_are_denied():
    for url in ("http://169.254.169.254/", "http://[::ffff:169.254.169.254]/"):
        with pytest.raises(requests.ConnectionError, match="administrator denies"):
            session().get(url)


def test_a_refused_connection_is_the_usual_error():
    with pytest.raises(requests.ConnectionError, match="connection refused"):
        session().get(f"http://127.0.0.1:{listeners.closed_port()}/", timeout=2)
