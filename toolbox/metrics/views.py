"""``/metrics``."""

from __future__ import annotations

import ipaddress
import secrets

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST

from toolbox.metrics.exposition import page


def _allowed(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        same = secrets.compare_digest(token.encode(), settings.METRICS_TOKEN.encode())
        return kind == "Bearer" and same
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
        networks = [ipaddress.ip_network(text) for text in settings.METRICS_ALLOW]
    except ValueError:
        return False
    return any(address in network for network in networks)


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The platform's metrics; as if it were not there for whoever may not read them."""
    if not _allowed(request):
        raise Http404
    return HttpResponse(page(), content_type=CONTENT_TYPE_LATEST)
