"""``/health`` and ``/livez``."""

from __future__ import annotations

import threading
import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache

from toolbox.health.checks import CheckResult, run_checks

_DEPENDENCIES = ("database", "migrations", "redis", "vault", "storage")
_KEPT_SECONDS = 2.0
_lock = threading.Lock()
_last: tuple[float, list[CheckResult]] = (-60.0, [])


def latest() -> list[CheckResult]:
    """Check at most every two seconds, so that being asked often costs little."""
    global _last
    with _lock:
        if time.monotonic() - _last[0] > _KEPT_SECONDS:
            results = run_checks(_DEPENDENCIES)
            _last = (time.monotonic(), results)
        return _last[1]


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 when every dependency works, else 503; details are for the log, not for callers."""
    results = latest()
    ok = all(result.ok for result in results)
    lines = {
        result.name: {"status": "ok" if result.ok else "failed", "duration_ms": result.duration_ms}
        for result in results
    }
    body = {"status": "ok" if ok else "failed", "checks": lines}
    return JsonResponse(body, status=200 if ok else 503)


@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return HttpResponse("ok\n", content_type="text/plain")
