"""The API checker against real HTTP servers, in memory and as an installed toolkit."""

import base64
import gzip
import json
import threading
import time

import pytest
from toolkit_sdk import Cancelled, Secret, ToolkitError
from toolkit_sdk.testing import fake_context

from api_toolkit import toolkit
from api_toolkit.app import Environment, SavedRequest
from api_toolkit.parts import Assertion, Extract, Pair
from tests.support import listeners
from tests.support.tls import issue
from toolkits.jobs.states import JobState
from toolkits.models import Record, Toolkit
from toolkits.records import create

JSON = {"Content-Type": "application/json"}


def echo(request):
    path = request.path.partition("?")[0]
    if path == "/slow":
        time.sleep(5)
    if path == "/old":
        return 302, {"Location": "/echo"}, b""
    if path == "/loop":
        return 307, {"Location": "/loop"}, b""
    if path == "/bytes":
        return 200, {"Content-Type": "application/octet-stream"}, bytes(range(256)) * 10
    if path == "/gzip":
        return 200, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(b'{"packed": true}')
    if path == "/bomb":
        return 200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 50_000_000)
    if path == "/error":
        return 500, {}, b"broken"
    seen = {
        "method": request.method, "path": request.path, "headers": request.headers,
        "body": request.body.decode("latin-1"),
    }  # fmt: skip
    return 200, JSON, json.dumps(seen).encode()


@pytest.fixture
def server():
    with listeners.web(echo) as made:
        yield made


def context(**settings):
    return fake_context(toolkit, settings={"timeout_seconds": 5, **settings})


def parts(section):
    found = {}
    for view in section.views:
        found.setdefault(view.view, []).append(view)
    return found


def body(section):
    return json.loads(parts(section)["code"][0].code)


def test_a_request_is_sent_and_shown_with_its_timing(server):
    section = context().run(
        "send", method="POST", url=f"{server.url}/echo", query=[{"name": "q", "value": "a b"}],
        headers=[{"name": "X-One", "value": "1"}], body_kind="json", body='{"a": 1}',
        auth="bearer", secret="tok",
    )  # fmt: skip

    got, shown = body(section), parts(section)
    assert (got["method"], got["path"], got["body"]) == ("POST", "/echo?q=a+b", '{"a": 1}')
    assert got["headers"]["Authorization"] == "Bearer tok"
    assert got["headers"]["Content-Type"] == "application/json"
    timing = {item.label: item.value for item in shown["key_value"][0].items}
    assert timing["address"] == "127.0.0.1"
    assert {"connecting", "first byte", "transfer", "in all"} <= set(timing)
    assert shown["stat"][0].value == 200


def test_assertions_are_shown_with_what_was_found(server):
    section = context().run(
        "send", url=f"{server.url}/echo",
        assertions=[
            {"what": "status", "value": "200"},
            {"what": "json", "path": "$.method", "value": "POST"},
        ],
    )  # fmt: skip

    rows = parts(section)["table"][0].rows
    assert [row["state"]["text"] for row in rows] == ["holds", "fails"]
    assert rows[1]["found"] == "GET"
    assert section.views[0].state == "critical"


def test_redirects_are_followed_and_listed(server):
    section = context().run(
        "send", method="POST", url=f"{server.url}/old", body_kind="text", body="x"
    )

    assert body(section)["method"] == "GET"
    assert parts(section)["table"][0].rows[0]["status"] == 302
    stays = context().run("send", url=f"{server.url}/old", follow_redirects=False)
    assert stays.views[0].value == 302
    with pytest.raises(ToolkitError, match="more than 3 redirects"):
        context(max_redirects=3).run("send", url=f"{server.url}/loop")


def test_credentials_stay_with_the_origin(server):
    def away(request):
        return 302, {"Location": f"{server.url}/echo"}, b""

    with listeners.web(away) as first:
        section = context().run(
            "send", url=first.url, auth="api key", key_name="X-Key", secret="k",
            headers=[{"name": "Cookie", "value": "a=b"}, {"name": "X-Kept", "value": "1"}],
        )  # fmt: skip

    headers = body(section)["headers"]
    assert "X-Key" not in headers
    assert "Cookie" not in headers
    assert headers["X-Kept"] == "1"
    assert first.seen[0].headers["X-Key"] == "k"


def test_a_redirect_to_a_denied_address_is_not_followed():
    with (
        listeners.web(echo) as inside,
        listeners.web(
            lambda _: (302, {"Location": f"http://localhost:{inside.port}/"}, b"")
        ) as outside,
    ):
        ctx = context(deny_ranges=["127.0.0.2/32", "::1"])
        ctx.run("send", url=outside.url)
        ctx = context(allow_ranges=["127.0.0.2/32"])
        with pytest.raises(ToolkitError, match="none of the ranges"):
            ctx.run("send", url=outside.url)
    assert len(outside.seen) == 1


def test_a_body_over_the_limits_is_cut_and_the_limit_is_said(server):
    small = context(body_limit_kib=1).run("send", url=f"{server.url}/bytes")
    notes = [view.text for view in small.views if view.view == "text"]
    assert notes == ["Only the first 1,024 bytes were read, the limit of the settings."]
    assert "00000000  00 01 02" in parts(small)["code"][0].code
    large = "x" * 5000
    long = context(shown_kib=1).run(
        "send", method="POST", url=f"{server.url}/echo", body_kind="text", body=large
    )
    assert len(parts(long)["code"][0].code) == 1024
    assert "Shown are 1,024 characters" in long.views[-1].text


def test_a_compressed_body_is_unpacked_no_further_than_the_limit(server):
    packed = context().run("send", url=f"{server.url}/gzip")
    assert body(packed) == {"packed": True}
    started = time.monotonic()
    bomb = context(body_limit_kib=64).run("send", url=f"{server.url}/bomb")
    assert "Only the first 65,536 bytes" in bomb.views[-1].text
    assert time.monotonic() - started < 3


def test_files_and_forms_are_sent(server):
    upload = {"name": "a.txt", "content": base64.b64encode(b"data").decode()}
    ctx = context()

    multipart = body(ctx.run(
        "send", method="POST", url=f"{server.url}/echo", body_kind="multipart", upload=upload,
        form=[{"name": "k", "value": "v"}],
    ))  # fmt: skip
    assert 'name="k"\r\n\r\nv\r\n' in multipart["body"]
    assert 'filename="a.txt"' in multipart["body"]
    form = body(ctx.run(
        "send", method="POST", url=f"{server.url}/echo", body_kind="form",
        form=[{"name": "k", "value": "v w"}],
    ))  # fmt: skip
    assert form["body"] == "k=v+w"


def test_a_proxy_of_the_settings_is_used(server):
    with listeners.web(lambda request: (200, {}, request.path.encode())) as proxy:
        ctx = context(proxies=[proxy.url])
        section = ctx.run("send", url=f"{server.url}/x", proxy=proxy.url)

    assert parts(section)["code"][0].code == f"{server.url}/x"
    assert server.seen == []


def test_tls_is_verified_unless_it_is_said_not_to(tmp_path):
    tls = issue("localhost", by=issue("Root", ca=True)).context(tmp_path)
    with listeners.web(echo, context=tls) as secure:
        url = f"https://localhost:{secure.port}/echo"
        with pytest.raises(ToolkitError, match="certificate not accepted"):
            context().run("send", url=url)
        ctx = context()
        section = ctx.run("send", url=url, verify_tls=False)

    assert section.views[0].value == 200
    assert "not verified" in ctx.logs[0]


def test_a_slow_server_ends_at_the_time_limit_and_a_cancel_at_once(server):
    started = time.monotonic()
    with pytest.raises(ToolkitError, match="not finished in 0.3 s"):
        context(timeout_seconds=0.3).run("send", url=f"{server.url}/slow")
    ctx = context(timeout_seconds=60)
    threading.Timer(0.2, ctx.cancel).start()
    with pytest.raises(Cancelled):
        ctx.run("send", url=f"{server.url}/slow")
    assert time.monotonic() - started < 2


def test_a_saved_request_keeps_its_history(server):
    ctx = context()
    good = [{"what": "status", "value": "200"}]
    base = Pair(name="base_url", value=server.url)
    env = ctx.add(Environment(name="e", variables=[base]))
    ctx.run("send", url="{{base_url}}/echo", save_as="ping", assertions=good, environment=env)
    saved = ctx.records(SavedRequest).list()[0]
    environment = ctx.records(Environment).list()[0]

    ctx.run("send_saved", request=saved, environment=environment)
    with pytest.raises(ToolkitError, match="refused"):
        base = [{"name": "base_url", "value": f"http://127.0.0.1:{listeners.closed_port()}"}]
        ctx.run("send_saved", request=saved, variables=base)

    stat, chart, table = ctx.run("history", request=saved).views
    assert stat.value == 50.0
    assert [point[1] is None for point in chart.series[0].points] == [False, True]
    assert [row["state"]["text"] for row in table.rows] == ["bad", "good"]


def collection(ctx, server):
    ctx.add(
        Environment(
            name="test", variables=[Pair(name="base_url", value=server.url)], token=Secret("tok")
        )
    )
    ctx.add(SavedRequest(
        name="second", collection="c", position=2, url="{{base_url}}/echo?id={{id}}",
        assertions=[Assertion(what="json", path="$.path", value="/echo?id=GET")],
    ))  # fmt: skip
    ctx.add(SavedRequest(
        name="first", collection="c", position=1, url="{{base_url}}/echo", auth="bearer",
        extracts=[Extract(variable="id", path="$.method")],
        assertions=[Assertion(what="body", check="contains", value="Bearer tok")],
    ))  # fmt: skip


def test_a_collection_runs_in_order_and_passes_variables_on(server):
    ctx = context()
    collection(ctx, server)

    stat, table, files = ctx.run(
        "run_collection", collection="c", environment=ctx.records(Environment).list()[0]
    ).views

    assert stat.value == "2 of 2"
    assert [row["name"] for row in table.rows] == ["first", "second"]
    assert [file.name for file in files.files] == ["report.xml", "report.json"]
    assert ctx.platform.notices == []
    assert ctx.card("collections").state == "ok"


def test_failures_are_reported_told_once_and_end_the_run_where_asked(server):
    ctx = context()
    environment = Environment(name="t", variables=[Pair(name="base_url", value=server.url)])
    env = ctx.add(environment)
    bad = ctx.add(SavedRequest(name="bad", collection="c", url="{{base_url}}/error",
                               assertions=[Assertion(value="200")]))  # fmt: skip
    ctx.add(SavedRequest(name="lost", collection="c", position=1, url="{{nowhere}}/"))

    for _ in range(2):
        ctx.run("run_collection", collection="c", environment=env)
    report = json.loads(ctx.platform.artifacts["report.json"])
    assert [one["outcome"] for one in report] == ["failed", "failed"]
    assert "no value for {{nowhere}}" in report[1]["failures"][0]
    assert b'failures="2"' in ctx.platform.artifacts["report.xml"]
    assert [notice["title"] for notice in ctx.platform.notices] == ["c: 2 of 2 requests fail"]
    stopped = ctx.run("run_collection", collection="c", environment=env, stop_at_failure=True)
    assert stopped.views[1].rows[1]["outcome"]["text"] == "skipped"
    with pytest.raises(ToolkitError, match="2 of 2 requests failed. bad: status is 200: it is 500"):
        ctx.run("run_collection", collection="c", environment=env, fail_the_job=True)
    ctx.records(SavedRequest).update(bad.model_copy(update={"collection": "other"}))


def test_an_openapi_document_is_fetched_imported_and_run(server):
    spec = {
        "openapi": "3.1.0", "servers": [{"url": server.url}],
        "paths": {"/echo": {"get": {"operationId": "ping", "responses": {"200": {}}}}},
    }  # fmt: skip
    with listeners.web(lambda _: (200, JSON, json.dumps(spec).encode())) as site:
        ctx = context()
        ctx.run("import_openapi", collection="shop", url=site.url)

    env = ctx.records(Environment).list()[0]
    assert ctx.run("run_collection", collection="shop", environment=env).views[0].value == "1 of 1"
    # The import named it as the collection, so that it need not be chosen.
    assert ctx.run("run_collection", collection="shop").views[0].value == "1 of 1"
    saved = ctx.records(SavedRequest).list()[0]
    assert ctx.run("send_saved", request=saved).title == "200 OK"


def test_a_secret_goes_to_vault_and_is_not_in_the_result(openbao, bundled, run, server):
    inputs = {
        "url": f"{server.url}/echo", "auth": "bearer", "secret": "very-secret-token",
        "save_as": "kept",
    }  # fmt: skip
    job = run("api_checker", "send", inputs)

    assert job.state == JobState.SUCCEEDED, job.reason
    assert server.seen[0].headers["Authorization"] == "Bearer very-secret-token"
    assert "very-secret-token" not in json.dumps([job.inputs, job.result])
    record = Record.objects.get(collection="requests")
    assert "very-secret-token" not in json.dumps(record.data)
    again = run("api_checker", "send_saved", {"request": str(record.pk)})
    assert again.state == JobState.SUCCEEDED, again.reason
    assert server.seen[1].headers["Authorization"] == "Bearer very-secret-token"


def test_a_collection_runs_as_an_installed_toolkit(bundled, run, user, server):
    installed = bundled("api_checker")
    data = {"name": "ping", "collection": "c", "url": f"{server.url}/echo"}
    create(
        installed, "requests", {**data, "assertions": [{"what": "status", "value": "2xx"}]}, user
    )

    job = run("api_checker", "run_collection", {"collection": "c"})

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["views"][0]["value"] == "1 of 1"
    assert sorted(job.artifacts.values_list("name", flat=True)) == ["report.json", "report.xml"]
    assert Toolkit.objects.get(slug="api_checker").samples.count() == 2
