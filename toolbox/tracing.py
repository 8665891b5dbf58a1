"""Traces by OpenTelemetry, from a request to its job and the runner, where a collector is set.

Without ``OTEL_EXPORTER_OTLP_ENDPOINT`` nothing of OpenTelemetry is imported here (redis-py looks
for its metrics by itself) and every function does nothing. What travels between processes is W3C's
``traceparent``: in the job's row, from where the worker takes it up, and in the request to the
runner.
"""

from __future__ import annotations

import atexit
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from toolbox import __version__, context

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_TIMEOUT_SECONDS = 5


class Span:
    """One piece of work that is measured. Where tracing is off it measures nothing."""

    def __init__(self, inner: OtelSpan | None = None) -> None:
        self._inner = inner

    @property
    def traceparent(self) -> str:
        """What carries this span to another process; empty where there is none."""
        if self._inner is None:
            return ""
        own = self._inner.get_span_context()
        return f"00-{own.trace_id:032x}-{own.span_id:016x}-{int(own.trace_flags):02x}"

    def note(self, name: str = "", **attributes: Any) -> None:
        """Add what is known by now, and a better name if there is one."""
        if self._inner is not None:
            self._inner.set_attributes(_dotted(attributes))
            if name:
                self._inner.update_name(name)

    def happened(self, name: str, **attributes: Any) -> None:
        """Tell of a moment within it."""
        if self._inner is not None:
            self._inner.add_event(name, _dotted(attributes))

    def end(self, *, error: str = "") -> None:
        """End it, once; ``error`` says what went wrong and holds no secret."""
        inner, self._inner = self._inner, None
        if inner is not None:
            if error:
                from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415  (as above)

                inner.set_status(Status(StatusCode.ERROR, error[:200]))
            inner.end()


def begin(name: str, kind: str = "internal", *, parent: str = "", **attributes: Any) -> Span:
    """Begin a span below ``parent``, a ``traceparent``, or below that of the unit of work.

    ``kind`` is ``server``, ``consumer`` or ``internal``; in names of attributes two underscores
    stand for a dot.
    """
    if not settings.OTEL_ENDPOINT:
        return Span()
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  (nobody pays for it who does not trace)

    return Span(
        _tracer().start_span(
            name,
            context=_context_of(parent or context.current().trace),
            kind=SpanKind[kind.upper()],
            attributes=_dotted(attributes),
        )
    )


@contextmanager
def span(
    name: str, kind: str = "internal", *, parent: str = "", **attributes: Any
) -> Iterator[Span]:
    """Measure a block; what it begins, and the jobs that it asks for, are below this span."""
    made = begin(name, kind, parent=parent, **attributes)
    error = ""
    try:
        with context.working(trace=made.traceparent or context.current().trace):
            yield made
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        made.end(error=error)


def current() -> str:
    """The ``traceparent`` of the unit of work; empty where it is not traced."""
    return context.current().trace


def is_traceparent(text: str) -> bool:
    """Whether a text is a ``traceparent`` of the version that is understood."""
    return _TRACEPARENT.fullmatch(text) is not None


def _dotted(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in attributes.items()}


def _context_of(traceparent: str) -> Any:
    from opentelemetry.context import Context  # noqa: PLC0415  (as above)
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415  (as above)
        TraceContextTextMapPropagator,
    )

    given = {"traceparent": traceparent} if traceparent else {}
    return TraceContextTextMapPropagator().extract(given, context=Context())


def _tracer() -> Tracer:
    return _provider().get_tracer("toolbox", __version__)


@cache
def _provider() -> TracerProvider:
    """The process's own, made when the first span is: after gunicorn has forked."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  (as above)
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  (as above)
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  (as above)
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  (as above)
    from opentelemetry.sdk.trace.sampling import (  # noqa: PLC0415  (as above)
        ParentBased,
        TraceIdRatioBased,
    )
    from opentelemetry.util.re import parse_env_headers  # noqa: PLC0415  (as above)

    provider = TracerProvider(
        resource=Resource.create(
            {"service.name": settings.OTEL_SERVICE_NAME, "service.version": __version__}
        ),
        sampler=ParentBased(TraceIdRatioBased(settings.OTEL_SAMPLE_PERCENT / 100)),
        # The platform ends it itself, below.
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.OTEL_ENDPOINT.rstrip('/')}/v1/traces",
        headers=parse_env_headers(settings.OTEL_HEADERS, liberal=True),
        timeout=_TIMEOUT_SECONDS,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=2000))
    atexit.register(provider.shutdown)
    return provider
