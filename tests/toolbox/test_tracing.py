"""Traces from a request to its job, the runner and child jobs, sent to a collector by OTLP."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support import until
from tests.support.api import Api
from tests.support.kits import write_kit
from tests.support.processes import BASE
from toolbox import context, tracing
from toolkits.bundles import pack
from toolkits.models import Job
from toolkits.runtime.execute import run_job

SECONDS = 60
KIT = """
@toolkit.operation()
def outer(ctx: Context) -> str:
    ctx.child("inner")
    return ctx.job.traceparent

@toolkit.operation()
def inner(ctx: Context) -> str:
    return ctx.job.traceparent

@toolkit.operation()
def broken(ctx: Context) -> str:
    raise ToolkitError("it broke")
"""


class Collector:
    """Takes what OpenTelemetry's exporter sends."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.paths: set[str] = set()
        self.headers: dict[str, str] = {}
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.take(self.path, dict(self.headers), body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        raw = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        self.paths.add(path)
        self.headers = {name.lower(): value for name, value in headers.items()}
        for resource in ExportTraceServiceRequest.FromString(raw).resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def span(self, name: str, **attributes: Any) -> Any:
        """Wait for a span of this name that has these attributes."""

        def found() -> Any:
            return next((span for span in self.spans if _fits(span, name, attributes)), None)

        return until(found, SECONDS, f"{name} {attributes} is sent")


def _fits(span: Any, name: str, attributes: dict[str, Any]) -> bool:
    own = told(span)
    return span.name == name and all(own.get(key) == value for key, value in attributes.items())


def told(span: Any) -> dict[str, Any]:
    """The attributes of a span."""
    return {
        one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes
    }


@pytest.fixture
def collector(settings: Any) -> Iterator[Collector]:
    made = Collector()
    settings.OTEL_ENDPOINT = made.url
    settings.OTEL_HEADERS = "x-tenant=sre"
    tracing._provider.cache_clear()
    yield made
    if tracing._provider.cache_info().currsize:
        tracing._provider().shutdown()
    tracing._provider.cache_clear()
    made.server.shutdown()
    made.server.server_close()


def run(user: Any, operation: str, **headers: str) -> Job:
    """Ask for a job by the API, and run it and what it starts here."""
    answer = Api(user).post(f"toolkits/sample/operations/{operation}/", {}, **headers)
    assert answer.status_code == 202, answer.content
    job = Job.objects.get(pk=answer.json()["id"])
    run_job(str(job.pk))
    job.refresh_from_db()
    return job


@pytest.mark.django_db(transaction=True)
def test_a_trace_goes_from_the_request_to_the_job_its_runner_and_its_children(
    valkey, openbao, install, user, collector
):
    install(KIT)

    job = run(user, "outer")

    assert job.state == "succeeded", job.error
    child = job.children.get()
    request = collector.span("POST api-operation", **{"http.response.status_code": 202})
    outer = collector.span("job sample.outer", **{"job.id": str(job.pk)})
    runner = collector.span("runner operation", **{"job.id": str(job.pk)})
    inner = collector.span("job sample.inner", **{"job.id": str(child.pk)})
    assert len({span.trace_id for span in (request, outer, runner, inner)}) == 1
    assert outer.parent_span_id == request.span_id
    assert runner.parent_span_id == outer.span_id
    assert inner.parent_span_id == outer.span_id
    assert told(outer)["job.state"] == "succeeded"
    assert job.trace[:53] == f"00-{request.trace_id.hex()}-{request.span_id.hex()}-"
    assert job.result["data"][:53] == f"00-{runner.trace_id.hex()}-{runner.span_id.hex()}-"
    assert collector.paths == {"/v1/traces"}
    assert collector.headers["x-tenant"] == "sre"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_failed_is_an_error_in_its_trace(valkey, openbao, install, user, collector):
    install(KIT)

    job = run(user, "broken")

    span = collector.span("job sample.broken", **{"job.id": str(job.pk)})
    assert (span.status.code, span.status.message) == (2, "it broke")
    assert told(span)["job.state"] == "failed"


@pytest.mark.django_db(transaction=True)
def test_an_install_has_a_span_with_its_steps_below_the_request_that_asked_for_it(
    valkey, openbao, storage, tmp_path, curator, collector
):
    zipped = pack.pack(write_kit(tmp_path / "kit", KIT, slug="traced"), tmp_path / "traced.zip")
    with zipped.open("rb") as bundle:
        answer = Api(curator).post(
            "toolkits/install/?background=true", {"bundle": bundle}, format="multipart"
        )
    assert answer.status_code == 202, answer.content
    job = Job.objects.get(pk=answer.json()["id"])

    run_job(str(job.pk))

    request = collector.span("POST api-toolkit-install")
    span = collector.span(f"job {job.toolkit_slug}.{job.operation}", **{"job.id": str(job.pk)})
    assert span.parent_span_id == request.span_id
    assert told(span)["job.state"] == "succeeded"
    assert [event.name for event in span.events][::2][:2] == ["opened", "written"]
    assert span.events[-1].name == "active"


def test_the_trace_of_a_proxy_is_gone_on_with_and_that_of_a_stranger_is_not(
    db, client, settings, collector
):
    given = f"00-{'a' * 32}-{'b' * 16}-01"
    client.get("/livez", headers={"traceparent": given})
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]

    client.get("/livez", headers={"traceparent": given})

    until(lambda: len(collector.spans) == 2, SECONDS, "both are sent")
    assert [span.trace_id.hex() == "a" * 32 for span in collector.spans] == [False, True]
    assert collector.spans[1].parent_span_id.hex() == "b" * 16


def test_without_a_collector_nothing_is_imported_and_nothing_is_traced(db, client):
    code = (
        "import django, sys; django.setup()\n"
        "from toolbox import tracing\n"
        "with tracing.span('x') as span: assert span.traceparent == tracing.current() == ''\n"
        "import toolkits.runtime.leader, toolbox.urls\n"
        "heavy = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'google.protobuf')\n"
        "assert not [name for name in sys.modules if name.startswith(heavy)]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BASE, capture_output=True, text=True, check=False,
        env={"DJANGO_SETTINGS_MODULE": "toolbox.settings", "APP_ENV": "test", "PATH": ""},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert client.get("/livez").status_code == 200
    assert context.current().trace == ""
