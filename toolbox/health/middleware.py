"""Lets what watches the platform ask by address: kubelet, Prometheus and load balancers know a
process by its address, never by the name that people use."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

#: Their answers hold no address made of the name that they were asked by.
WATCHED = frozenset({"/health", "/livez", "/metrics"})


def asked_by_address(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: for pages that are watched, any ``Host`` is as good as the platform's own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in WATCHED:
            own = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
            request.META["HTTP_HOST"] = own[0] if own else "localhost"
        return get_response(request)

    return middleware
