"""Pages of other sites that may ask the API, where an administrator names them; else none may.

They send a token of theirs. Cookies are never taken from another site, so that nobody's session
in the console can be used from there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

_ORIGIN = re.compile(r"https?://[^/*\s]+")
_ASKED = (
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
    "Last-Event-ID, X-Request-ID"
)
_TOLD = "ETag, Idempotency-Replayed, Location, Retry-After, X-Request-ID"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": _ASKED,
    "Access-Control-Max-Age": "600",
}


def share(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answer browsers that ask whether a page may call the API."""
    for origin in settings.API_CORS_ORIGINS:
        if not _ORIGIN.fullmatch(origin):
            raise ImproperlyConfigured(
                f"API_CORS_ORIGINS: {origin!r} is no origin. Write https://app.example.com, with "
                "no path and no *."
            )

    def middleware(request: HttpRequest) -> HttpResponse:
        allowed = settings.API_CORS_ORIGINS
        if not allowed or not request.path_info.startswith("/api/"):
            return get_response(request)
        origin = request.headers.get("Origin", "")
        known = origin in allowed
        if known and request.method == "OPTIONS":
            response = HttpResponse(status=204, headers=_PREFLIGHT)
        else:
            response = get_response(request)
        patch_vary_headers(response, ["Origin"])
        if known:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = _TOLD
        return response

    return middleware
