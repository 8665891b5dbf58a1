"""Gives every request an id, an address and an access-log line."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from toolbox import context, metrics, proxies, tracing

access_log = logging.getLogger("toolbox.access")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def _measure(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    match = request.resolver_match
    # By the name of the address, never by the address itself: there are endless ones of those.
    view = (match.view_name if match else "") or "none"
    method = request.method if request.method in _METHODS else "other"
    metrics.count("toolbox_http_requests", str(method), view, str(response.status_code))
    metrics.observe("toolbox_http_request_seconds", seconds, view)


def _traceparent(request: HttpRequest) -> str:
    """The trace that the request belongs to, by the word of a proxy."""
    given = request.headers.get("traceparent", "")
    return given if tracing.is_traceparent(given) else ""


def _note(traced: tracing.Span, request: HttpRequest, response: HttpResponse) -> None:
    match = request.resolver_match
    view = (match.view_name if match else "") or "none"
    method = request.method if request.method in _METHODS else "other"
    traced.note(
        f"{method} {view}",
        http__request__method=method,
        http__route=view,
        http__response__status_code=response.status_code,
    )


def request_context(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: name the unit of work, answer with ``X-Request-ID``, log the access."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        started = time.monotonic()
        believed = proxies.is_trusted(request.META.get("REMOTE_ADDR", ""))
        parent = _traceparent(request) if believed else ""
        if believed and request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https":
            # The browser spoke https with the proxy: HSTS, cookies and addresses go by that.
            request.META["wsgi.url_scheme"] = "https"
        address = proxies.client_address(
            request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
        )
        # Throttles, lockouts and the audit trail see the same address.
        request.META["REMOTE_ADDR"] = address
        with context.working(
            request_id=request_id,
            address=address,
            user_agent=request.headers.get("User-Agent", "")[:300],
        ):
            with tracing.span("request", "server", parent=parent) as traced:
                response = get_response(request)
                _note(traced, request, response)
            response["X-Request-ID"] = request_id
            seconds = time.monotonic() - started
            _measure(request, response, seconds)
            access_log.info(
                "%s %s %d",
                request.method,
                request.path,
                response.status_code,
                extra={
                    "fields": {
                        "method": request.method,
                        "path": request.path,
                        "status": response.status_code,
                        "duration_ms": round(seconds * 1000, 1),
                    }
                },
            )
        return response

    return middleware
