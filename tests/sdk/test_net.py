"""Reaching targets: the rule on addresses, and exchanges against real servers."""

import time

import pytest
from toolkit_sdk.net import (
    ExchangeError,
    NetError,
    Options,
    ProbeSettings,
    Reach,
    Request,
    connect,
    exchange,
    resolve,
)  # fmt: skip

from tests.support import listeners
from tests.support.tls import issue

HERE = Reach()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "::ffff:127.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:0.0.0.0",
    ],
)  # fmt: skip
def test_a_denied_range_cannot_be_reached_by_another_spelling(address):
    assert Reach.of(deny=["127.0.0.0/8"]).refusal(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"])
def test_a_range_that_is_written_as_ipv6_but_means_ipv4_holds_for_both(address):
    assert Reach.of(deny=["::ffff:10.0.0.0/104"]).refusal(address)
    assert Reach.of(allow=["::ffff:10.0.0.0/104"]).refusal(address) is None
    assert Reach.of(allow=["::ffff:11.0.0.0/104"]).refusal(address)


@pytest.mark.parametrize("address", ["::1", "::"])
def test_both_spellings_of_the_ipv6_loopback_are_denied(address):
    assert Reach.of(deny=["::1"]).refusal(address)


def test_a_denied_range_wins_over_an_allowed_one():
    reach = Reach.of(allow=["10.0.0.0/8"], deny=["10.1.0.0/16"])

    assert reach.refusal("10.2.0.1") is None
    assert "denies" in reach.refusal("10.1.0.1")
    assert "none of the ranges" in reach.refusal("11.0.0.1")
    assert "none of the ranges" in reach.refusal("::ffff:11.0.0.1")
    assert reach.refusal("::ffff:10.2.0.1") is None


def test_cloud_metadata_is_denied_unless_an_administrator_says_otherwise():
    assert ProbeSettings().reach.refusal("169.254.169.254")
    assert ProbeSettings().reach.refusal("fe80::1%eth0")
    assert ProbeSettings.model_json_schema()["properties"]["allow_ranges"]["default"] == []
    assert ProbeSettings(deny_ranges=[]).reach.refusal("169.254.169.254") is None


def test_a_range_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"'10\.0\.0\.0/99' is not an address or a range"):
        ProbeSettings(allow_ranges=["10.0.0.0/99"])


def test_a_name_is_checked_by_its_addresses_not_by_its_spelling():
    with pytest.raises(NetError, match="localhost: .* denies") as caught:
        resolve("localhost", 80, Reach.of(deny=["127.0.0.0/8", "::1"]))

    assert caught.value.kind == "denied"


def test_only_the_addresses_that_may_be_reached_are_kept():
    found = resolve("localhost", 80, Reach.of(deny=["::1"]))

    assert [endpoint.address for endpoint in found.endpoints] == ["127.0.0.1"]


def test_a_name_without_an_address_is_said_to_have_none():
    with pytest.raises(NetError) as caught:
        resolve("no-such-name.invalid", 80, HERE)

    assert caught.value.kind == "name"


def test_a_refused_connection_is_told_from_a_silent_one():
    with pytest.raises(NetError) as refused:
        connect(resolve("127.0.0.1", listeners.closed_port(), HERE), 1)
    with listeners.silent() as port, pytest.raises(NetError) as silent:
        connect(resolve("127.0.0.1", port, HERE), 0.2)

    assert (refused.value.kind, silent.value.kind) == ("refused", "timeout")


def ok(body=b"hello", **headers):
    return lambda request: (200, {"X-Path": request.path, **headers}, body)


def test_an_exchange_is_measured_phase_by_phase():
    with listeners.web(ok()) as server:
        answer = exchange(Request("GET", f"{server.url}/a?b=c#d"), Options())

    assert (answer.status, answer.body, answer.header("x-path")) == (200, b"hello", "/a?b=c")
    assert answer.address == "127.0.0.1"
    phases = answer.phases
    assert phases.tls is None
    parts = [phases.dns, phases.connect, phases.first_byte, phases.transfer]
    assert all(part >= 0 for part in parts)
    assert sum(parts) <= phases.total + 1


def test_headers_and_body_are_sent_as_given():
    with listeners.web(ok()) as server:
        exchange(
            Request("POST", server.url, (("X-One", "1"), ("Accept", "a/b")), b"data"), Options()
        )

    seen = server.seen[0]
    assert (seen.method, seen.path, seen.body) == ("POST", "/", b"data")
    assert seen.headers["X-One"] == "1"
    assert seen.headers["Accept"] == "a/b"
    assert seen.headers["Host"] == f"127.0.0.1:{server.port}"


def test_a_body_over_the_limit_is_cut_and_said_to_be():
    with listeners.web(ok(b"x" * 300_000)) as server:
        answer = exchange(Request("GET", server.url), Options(body_limit=1000))

    assert (len(answer.body), answer.truncated) == (1000, True)


def test_a_chunked_body_is_put_together():
    chunks = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    with listeners.web(lambda _: (200, {"Transfer-Encoding": "chunked"}, chunks)) as server:
        answer = exchange(Request("GET", server.url), Options())

    assert (answer.body, answer.truncated) == (b"hello world", False)


def test_a_body_that_ends_early_is_an_error():
    with listeners.web(
        lambda _: (200, {"Content-Length": "50", "Connection": "close"}, b"short")
    ) as server:
        with pytest.raises(ExchangeError, match="45 bytes too early") as caught:
            exchange(Request("GET", server.url), Options())

    assert caught.value.kind == "reset"


def drip(connection):
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def test_a_server_that_drips_is_cut_off_at_the_time_limit():
    with listeners.tcp(drip) as port:
        started = time.monotonic()
        said = "not finished in 0.4 s, still reading the answer"
        with pytest.raises(ExchangeError, match=said) as caught:
            exchange(Request("GET", f"http://127.0.0.1:{port}/"), Options(timeout=0.4))

    assert caught.value.kind == "timeout"
    assert time.monotonic() - started < 1.5
    assert caught.value.phases.first_byte is not None


def test_what_is_not_http_is_said_to_be():
    with listeners.tcp(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as port:
        with pytest.raises(ExchangeError) as caught:
            exchange(Request("GET", f"http://127.0.0.1:{port}/"), Options(timeout=2))

    assert caught.value.kind == "protocol"


def test_tls_is_verified_by_the_given_authority(tmp_path):
    root = issue("Test root", ca=True)
    context = issue("localhost", by=root, names=("localhost",)).context(tmp_path)
    with listeners.web(ok(), context=context) as server:
        url = f"https://localhost:{server.port}/"
        answer = exchange(Request("GET", url), Options(ca=root.pem, family="ipv4"))
        with pytest.raises(ExchangeError, match="certificate not accepted") as caught:
            exchange(Request("GET", url), Options(family="ipv4"))
        loose = exchange(Request("GET", url), Options(verify=False, family="ipv4"))

    assert (answer.status, answer.tls, loose.status) == (200, "TLSv1.3", 200)
    assert answer.phases.tls > 0
    assert caught.value.kind == "tls"


def test_a_hung_handshake_ends_at_the_time_limit():
    with listeners.tcp(lambda connection: time.sleep(3)) as port:
        started = time.monotonic()
        with pytest.raises(ExchangeError) as caught:
            exchange(Request("GET", f"https://127.0.0.1:{port}/"), Options(timeout=0.3))

    assert caught.value.kind == "timeout"
    assert time.monotonic() - started < 1.5


def test_a_denied_address_is_never_connected_to():
    with listeners.web(ok()) as server, pytest.raises(ExchangeError) as caught:
        exchange(Request("GET", server.url), Options(reach=Reach.of(deny=["127.0.0.0/8"])))

    assert caught.value.kind == "denied"
    assert server.seen == []


def test_a_plain_request_goes_through_a_proxy_with_its_credentials():
    with listeners.web(ok()) as proxy:
        proxied = Options(proxy=f"http://ann:pw@127.0.0.1:{proxy.port}")
        answer = exchange(Request("GET", "http://127.0.0.1:1/x?y"), proxied)

    seen = proxy.seen[0]
    assert answer.status == 200
    assert seen.path == "http://127.0.0.1:1/x?y"
    assert seen.headers["Proxy-Authorization"] == "Basic YW5uOnB3"


def test_the_rule_holds_for_what_a_proxy_is_asked_for():
    with listeners.web(ok()) as proxy, pytest.raises(ExchangeError) as caught:
        reach = Reach.of(deny=["10.0.0.0/8"])
        exchange(Request("GET", "http://10.1.2.3/"), Options(proxy=proxy.url, reach=reach))

    assert caught.value.kind == "denied"
    assert proxy.seen == []


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "http://", "http://a:99999/", "http://a/b c", "nonsense"]
)
def test_what_is_no_url_is_refused_in_words(url):
    with pytest.raises(ValueError, match="URL|host|port"):
        exchange(Request("GET", url), Options())
