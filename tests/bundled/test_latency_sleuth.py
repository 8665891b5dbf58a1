"""The latency toolkit against real HTTP servers, in memory and as an installed toolkit."""

import threading
import time

import pytest
from toolkit_sdk import Cancelled, Secret
from toolkit_sdk.testing import fake_context

from latency_toolkit import toolkit
from latency_toolkit.app import Template
from tests.support import listeners
from tests.support.tls import issue
from toolkits.jobs.states import JobState
from toolkits.models import ToolkitSample, ToolkitState
from toolkits.records import create


class Server:
    """What the server under test answers; a test changes it while it runs."""

    def __init__(self):
        self.delay, self.status, self.body = 0.0, 200, b"all is well"

    def answer(self, request):
        time.sleep(self.delay)
        return self.status, {}, self.body


@pytest.fixture
def server():
    behaviour = Server()
    with listeners.web(behaviour.answer) as made:
        behaviour.url, behaviour.seen = made.url, made.seen
        yield behaviour


def add(ctx, server, **fields):
    data = {"name": "shop", "url": server.url, "sla_ms": 200, "interval_seconds": 5}
    return ctx.add(Template(**{**data, **fields}))


def parts(section):
    return {view.view: view for view in section.views}


def test_every_phase_of_https_is_measured(tmp_path):
    tls = issue("localhost").context(tmp_path)
    with listeners.web(lambda _: (200, {}, b"x" * 100_000), context=tls) as secure:
        section = fake_context(toolkit).run(
            "try_url", url=f"https://localhost:{secure.port}/", samples=3, pause_seconds=0,
            verify_tls=False, sla_ms=5000,
        )  # fmt: skip

    shown = parts(section)
    assert [bar.label for bar in shown["bar"].bars] == [
        "name look-up", "connecting", "TLS", "first byte", "transfer",
    ]  # fmt: skip
    assert len(shown["table"].rows) == 3
    assert shown["key_value"].items[0].value == "3 of 3"


def test_the_slow_phase_is_the_one_that_is_slow(server):
    server.delay = 0.15
    section = fake_context(toolkit).run("try_url", url=server.url, samples=2, pause_seconds=0)

    bars = {bar.label: bar.value for bar in parts(section)["bar"].bars}
    assert max(bars, key=bars.get) == "first byte"
    assert 140 < bars["first byte"] < 1000


@pytest.mark.parametrize(
    ("change", "inputs", "error"),
    [
        ({"status": 503}, {}, "status 503, not 2xx"),
        ({}, {"expected_content": "missing"}, "does not contain 'missing'"),
        ({"delay": 2}, {"timeout_seconds": 0.2}, "not finished in 0.2 s"),
    ],
)
def test_what_is_not_as_expected_is_a_breach_with_its_reason(server, change, inputs, error):
    vars(server).update(change)
    section = fake_context(toolkit).run("try_url", url=server.url, samples=1, **inputs)

    row = parts(section)["table"].rows[0]
    assert row["state"]["text"] == "breach"
    assert error in row["error"]


def test_a_post_with_headers_and_token_is_sent_as_the_template_says(server):
    ctx = fake_context(toolkit)
    template = add(
        ctx, server, method="POST", body="ping", token=Secret("tok"),
        headers=[{"name": "X-One", "value": "1"}],
    )  # fmt: skip

    ctx.run("preview", template=template, samples=1)

    seen = server.seen[0]
    assert (seen.method, seen.body) == ("POST", b"ping")
    assert (seen.headers["Authorization"], seen.headers["X-One"]) == ("Bearer tok", "1")
    assert ctx.history(f"samples:{template.record_id}").read() == []


def test_a_head_request_is_measured_without_a_body(server):
    section = fake_context(toolkit).run("try_url", url=server.url, method="HEAD", samples=1)

    assert parts(section)["table"].rows[0]["status"] == 200
    assert server.seen[0].method == "HEAD"


def test_breach_and_recovery_are_told_when_they_happen(server):
    ctx = fake_context(toolkit)
    add(ctx, server)
    for delay in (0, 0.3, 0.3, 0):
        server.delay = delay
        ctx.run("run_due", everything=True)

    assert [notice["title"] for notice in ctx.platform.notices] == [
        "shop breaks its SLA", "shop keeps its SLA again",
    ]  # fmt: skip
    assert "promised are 200 ms" in ctx.platform.notices[0]["text"]


def test_a_run_takes_what_is_due_and_no_more(server):
    ctx = fake_context(toolkit)
    add(ctx, server, interval_seconds=5)
    add(ctx, server, name="rare", interval_seconds=3600)
    add(ctx, server, name="off", enabled=False)

    first, second = ctx.run("run_due"), ctx.run("run_due")

    assert first.caption == "2 of 2 probed"
    assert second.caption == "0 of 2 probed"
    assert [row["state"]["text"] for row in second.rows] == ["not due", "not due"]


def test_a_long_run_keeps_each_interval_and_ends_when_cancelled(server):
    ctx = fake_context(toolkit)
    template = add(ctx, server, interval_seconds=5)
    started = time.monotonic()
    threading.Timer(1.0, ctx.cancel).start()

    with pytest.raises(Cancelled):
        ctx.run("run_due", for_seconds=60)

    assert time.monotonic() - started < 2
    assert len(ctx.history(f"samples:{template.record_id}").read()) == 1


def test_a_denied_address_is_a_breach_that_says_so(server):
    ctx = fake_context(toolkit, settings={"deny_ranges": ["127.0.0.0/8"]})
    section = ctx.run("try_url", url=server.url, samples=1)

    assert "administrator denies" in parts(section)["table"].rows[0]["error"]
    assert server.seen == []


def test_it_probes_and_reports_as_an_installed_toolkit(bundled, run, user, server):
    installed = bundled("latency_sleuth")
    data = {"name": "shop", "url": server.url, "sla_ms": 2000}
    template = create(installed, "templates", data, user)

    probed = run("latency_sleuth", "run_due", {"everything": True})
    assert probed.state == JobState.SUCCEEDED, probed.reason
    assert probed.result["caption"] == "1 of 1 probed"
    assert ToolkitSample.objects.get().series == f"samples:{template.pk}"
    assert set(ToolkitState.objects.values_list("key", flat=True)) == {"probes", "rolled"}
    report = run("latency_sleuth", "report", {"template": str(template.pk)})
    assert report.state == JobState.SUCCEEDED, report.reason
    assert report.result["views"][0]["value"] == 100.0
