"""Records what signed-in people were refused.

What is forbidden is answered like what is absent, so a 404 of an address that exists counts as
well as a 403: whoever tries addresses one after the other is seen.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from toolbox.events import emit

_REFUSED = frozenset({403, 404})
# Patterns that take whatever is left end so: ``[\s\S]*$`` and ``(?P<url>.*)$``.
_REST = re.compile(r"\*\)?\$$")
# A page whose live parts ask again and again is one denial, not hundreds.
_QUIET_SECONDS = 60.0
_MOST_REMEMBERED = 2000

_recent: OrderedDict[tuple[str, str, str], float] = OrderedDict()
_lock = threading.Lock()


def record_denials(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: record each refusal of a signed-in user, once a minute for each address."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code in _REFUSED:
            _note(request, response.status_code)
        return response

    return middleware


def _note(request: HttpRequest, status: int) -> None:
    user, match = getattr(request, "user", None), request.resolver_match
    if user is None or not user.is_authenticated or match is None:
        return
    # An address that only a pattern for all the rest takes is nobody's.
    if _REST.search(match.route) or not _is_new((str(user.pk), request.method or "", request.path)):
        return
    emit(
        "access.denied",
        actor=user,
        target=request.path,
        outcome="failure",
        method=request.method or "",
        path=request.path,
        status=status,
    )


def _is_new(key: tuple[str, str, str]) -> bool:
    now = time.monotonic()
    with _lock:
        last = _recent.pop(key, None)
        if last is not None and now - last < _QUIET_SECONDS:
            _recent[key] = last
            return False
        _recent[key] = now
        while len(_recent) > _MOST_REMEMBERED:
            _recent.popitem(last=False)
    return True


def forget() -> None:
    """Record the next refusal whatever was recorded before; for tests."""
    with _lock:
        _recent.clear()
