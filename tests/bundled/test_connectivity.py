"""The connectivity toolkit against real sockets, in memory and as an installed toolkit."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest
from toolkit_sdk import Cancelled
from toolkit_sdk.testing import fake_context

from connectivity_toolkit import toolkit
from connectivity_toolkit.app import Target
from tests.bundled.conftest import BUNDLED
from tests.support import listeners
from tests.support.tls import issue
from toolkits.jobs.states import JobState
from toolkits.models import Notice, Record, ToolkitSample
from toolkits.records import create


def check(**inputs):
    ctx = fake_context(toolkit)
    return ctx.run("check", **{"timeout_seconds": 1, **inputs})


def states(table):
    return {row["port"]: row["state"]["text"] for row in table.rows}


def test_open_closed_and_silent_are_told_apart():
    closed = listeners.closed_port()
    with listeners.tcp() as port, listeners.silent() as silent:
        table = check(hosts=["127.0.0.1"], ports=[port, closed, silent], timeout_seconds=0.3)

    assert states(table) == {port: "open", closed: "closed", silent: "timeout"}
    rows = {row["port"]: row for row in table.rows}
    assert rows[port]["latency"] >= 0
    assert (rows[closed]["kind"], rows[closed]["error"]) == ("refused", "connection refused")
    assert (rows[silent]["kind"], rows[silent]["error"]) == ("timeout", "no answer in 0.3 s")
    assert table.caption == "1 of 3 open"


def test_names_without_an_address_and_denied_addresses_say_so():
    ctx = fake_context(toolkit, settings={"deny_ranges": ["127.0.0.0/8", "::1/128"]})
    table = ctx.run("check", hosts=["no-such-host.invalid", "127.0.0.1"], ports=[80])

    assert [row["state"]["text"] for row in table.rows] == ["unresolved", "denied"]
    assert "administrator denies" in table.rows[1]["error"]


def test_every_address_of_a_name_and_one_family_alone():
    with listeners.tcp(host="127.0.0.1") as port:
        every = check(hosts=["localhost"], ports=[port], addresses="every address")
        first = check(hosts=["localhost"], ports=[port])
        ipv4 = check(hosts=["localhost"], ports=[port], addresses="IPv4")

    families = {
        info[4][0] for info in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
    }
    assert {row["address"] for row in every.rows} == families
    assert states(first) == {port: "open"}
    assert [row["address"] for row in ipv4.rows] == ["127.0.0.1"]
    assert ipv4.rows[0]["lookup"] >= 0


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_ipv6_is_spoken():
    try:
        with listeners.tcp(host="::1") as port:
            assert states(check(hosts=["[::1]"], ports=[port])) == {port: "open"}
    except OSError:
        pytest.skip("the loopback has no IPv6 here")


@contextlib.contextmanager
def udp(answer=None):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)

        def serve():
            with contextlib.suppress(OSError):
                _, peer = server.recvfrom(2048)
                if answer is not None:
                    server.sendto(answer, peer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def test_udp_answers_refuses_or_keeps_silent():
    with udp(b"pong") as answers, udp() as keeps, socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = probe.getsockname()[1]
        probe.close()
        ports = [answers, keeps, nobody]
        table = check(hosts=["127.0.0.1"], ports=ports, protocol="udp", timeout_seconds=0.4)

    assert states(table) == {answers: "open", keeps: "no reply", nobody: "closed"}
    assert table.rows[0]["detail"] == "4 bytes came back"


def test_tls_is_shaken_hands_with_and_a_bad_certificate_is_an_error(tmp_path, monkeypatch):
    from connectivity_toolkit import probe

    root = issue("Root", ca=True)
    good = issue("localhost", by=root).context(tmp_path, "good")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "root.pem"))
    (tmp_path / "root.pem").write_text(root.pem)
    probe._context.cache_clear()
    bad = issue("localhost").context(tmp_path, "bad")
    with (
        listeners.tcp(listeners.over_tls(good)) as one,
        listeners.tcp(listeners.over_tls(bad)) as other,
    ):
        table = check(hosts=["localhost"], ports=[one, other], protocol="tls", addresses="IPv4")
    probe._context.cache_clear()

    assert states(table) == {one: "open", other: "tls error"}
    assert table.rows[0]["detail"].startswith("TLSv1.3, certificate for 8")
    assert table.rows[0]["tls"] > 0
    assert "certificate not accepted" in table.rows[1]["error"]


def test_ten_thousand_pairs_on_the_loopback_take_less_than_a_minute():
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(listeners.tcp(host="0.0.0.0")) for _ in range(5)]
        ports += [listeners.closed_port() for _ in range(5)]
        hosts = [f"127.1.{n // 250}.{n % 250 + 1}" for n in range(1000)]
        ctx = fake_context(toolkit)
        started = time.monotonic()
        table = ctx.run("check", hosts=hosts, ports=ports, timeout_seconds=5)
        took = time.monotonic() - started

    print(f"10,000 pairs in {took:.1f} s")
    assert took < 60
    assert table.caption.startswith("5000 of 10000 open")
    assert len(table.rows) == 5000
    assert len(ctx.platform.artifacts["results.csv"].splitlines()) == 10_001
    assert ctx.platform.reports[-1][:2] == (10_000, 10_000)


def test_a_cancelled_check_ends_within_a_second():
    ctx = fake_context(toolkit)
    with listeners.silent() as port:
        threading.Timer(0.3, ctx.cancel).start()
        started = time.monotonic()
        with pytest.raises(Cancelled):
            ctx.run("check", hosts=["127.0.0.1"], ports=[port], timeout_seconds=60)

    assert time.monotonic() - started < 1.3


def test_concurrency_is_bounded(monkeypatch):
    from connectivity_toolkit import engine

    now, most = 0, 0

    async def take(probe, endpoint, timeout):
        nonlocal now, most
        now, most = now + 1, max(most, now + 1)
        await asyncio.sleep(0.005)
        now -= 1
        raise engine.Failed("refused", "no")

    monkeypatch.setattr(engine, "take", take)
    check(hosts=["127.0.0.1"], ports=["1-100"], concurrency=7)

    assert most == 7


def test_names_are_looked_up_in_both_families():
    table = fake_context(toolkit).run("lookup", names=["localhost", "nowhere.invalid, 127.0.0.1"])

    found = {(row["name"], row["family"]): row for row in table.rows}
    assert found["localhost", "IPv4"]["address"] == "127.0.0.1"
    assert found["127.0.0.1", "IPv4"]["reverse"]
    assert found["nowhere.invalid", "IPv4"]["state"]["text"] == "none"


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_the_route_to_the_loopback_has_one_hop():
    table = fake_context(toolkit).run("trace", host="127.0.0.1", tries=2)

    assert table.caption == "127.0.0.1 was reached"
    assert [(row["hop"], row["address"], row["state"]["text"]) for row in table.rows] == [
        (1, "127.0.0.1", "reached")
    ]
    assert table.rows[0]["t2"] > 0


_TRACE = """
from connectivity_toolkit import toolkit
from toolkit_sdk.testing import fake_context
table = fake_context(toolkit).run("trace", host="10.99.2.2", tries=1, timeout_seconds=2)
print([(row["hop"], row["address"], row["state"]["text"]) for row in table.rows])
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None, reason="needs root and iproute2"
)
def test_a_router_on_the_way_is_found():
    a, b, c = (f"tbx{os.getpid() % 10000}{one}" for one in "abc")

    def ip(*words, check=True):
        return subprocess.run(["ip", *words], capture_output=True, text=True, check=check)

    if ip("netns", "add", a, check=False).returncode:
        pytest.skip("no network namespaces here")
    try:
        for name in (b, c):
            ip("netns", "add", name)
        for left, right, net in ((a, b, 1), (b, c, 2)):
            one, two = f"v{left}"[-12:], f"w{right}"[-12:]
            ip("link", "add", one, "netns", left, "type", "veth", "peer", two, "netns", right)
            for place, link, host in ((left, one, 1), (right, two, 2)):
                ip("-n", place, "addr", "add", f"10.99.{net}.{host}/24", "dev", link)
                ip("-n", place, "link", "set", link, "up")
        ip("-n", a, "route", "add", "default", "via", "10.99.1.2")
        ip("-n", c, "route", "add", "default", "via", "10.99.2.1")
        ip("netns", "exec", b, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        sdk = str(BUNDLED.parents[1] / "toolkits" / "sdk")
        path = os.pathsep.join([str(BUNDLED / "connectivity"), sdk])
        done = ip("netns", "exec", a, "env", f"PYTHONPATH={path}", sys.executable, "-c", _TRACE)
    finally:
        for name in (a, b, c):
            ip("netns", "del", name, check=False)

    assert done.stdout.strip() == "[(1, '10.99.1.2', 'router'), (2, '10.99.2.2', 'reached')]"


def test_a_scheduled_check_keeps_history_and_tells_what_changed():
    ctx = fake_context(toolkit)
    with listeners.tcp() as port:
        target = ctx.add(Target(name="web", hosts=["127.0.0.1"], ports=f"{port}"))
        ctx.add(Target(name="nobody", hosts=["127.0.0.1"], ports=f"{port}", expect="closed"))
        first = ctx.run("check_targets")
        assert ctx.card("reachability").value == "1 of 2"
    second = ctx.run("check_targets")

    assert [row["state"]["text"] for row in first.views[1].rows] == ["down", "up"]
    assert {row["name"]: row["state"]["text"] for row in second.views[1].rows} == {
        "web": "down", "nobody": "up",
    }  # fmt: skip
    assert [notice["title"] for notice in ctx.platform.notices] == [
        "nobody is down", "web is down", "nobody is up",
    ]  # fmt: skip
    assert "connection refused" in ctx.platform.notices[1]["text"]
    assert len(ctx.history(f"target:{target.record_id}").read()) == 2


def test_a_target_that_cannot_be_read_does_not_stop_the_others():
    ctx = fake_context(toolkit)
    with listeners.tcp() as port:
        ctx.add(Target(name="bad", hosts=["10.0.0.0/99"]))
        ctx.add(Target(name="good", hosts=["127.0.0.1"], ports=f"{port}"))
        rows = ctx.run("check_targets").views[1].rows

    assert {row["name"]: row["state"]["text"] for row in rows} == {"bad": "down", "good": "up"}
    assert any("is not a network" in line for line in ctx.logs)


def test_it_runs_as_an_installed_toolkit(bundled, run, user):
    installed = bundled("connectivity")
    closed = listeners.closed_port()
    with listeners.tcp() as port:
        data = {"name": "web", "hosts": ["127.0.0.1"], "ports": f"{port},{closed}"}
        create(installed, "targets", data, user)
        job = run("connectivity", "check", {"hosts": ["127.0.0.1"], "ports": [f"{port},{closed}"]})
        swept = run("connectivity", "check_targets")

    assert job.state == JobState.SUCCEEDED, job.reason
    assert {row["port"]: row["state"]["text"] for row in job.result["rows"]} == {
        port: "open", closed: "closed",
    }  # fmt: skip
    assert swept.state == JobState.SUCCEEDED, swept.reason
    assert ToolkitSample.objects.get().value["s"] == "degraded"
    assert Notice.objects.get().title == "web is degraded"


def test_targets_are_imported_through_the_platform(bundled, run):
    text = "name,hosts\nweb,example.com\n"
    job = run("connectivity", "import_targets", {"text": text})

    assert job.state == JobState.SUCCEEDED, job.reason
    assert Record.objects.get(collection="targets").data["hosts"] == ["example.com"]
