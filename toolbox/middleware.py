"""Gives every request an id, an address and an access-log line."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from toolbox import context, proxies

access_log = logging.getLogger("toolbox.access")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_context(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: name the unit of work, answer with ``X-Request-ID``, log the access."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        started = time.monotonic()
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
            response = get_response(request)
            response["X-Request-ID"] = request_id
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
                        "duration_ms": round((time.monotonic() - started) * 1000, 1),
                    }
                },
            )
        return response

    return middleware
