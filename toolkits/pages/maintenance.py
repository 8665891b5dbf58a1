"""While maintenance is on: a page that says so, for everybody but administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.api.authentication import bearer_of
from toolbox import rest
from toolkits import maintenance
from toolkits.models import Maintenance

_RETRY_SECONDS = 120
#: Health, figures, what pages are made of, and signing in, so that administrators get in.
_OPEN = ("/health", "/livez", "/metrics", "/account/", "/api/v1/auth/")


def pause(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: answer 503 while maintenance is on."""

    def middleware(request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path.startswith((*_OPEN, f"/{settings.STATIC_URL.lstrip('/')}")):
            return get_response(request)
        found = maintenance.present()
        if found is None or _is_administrator(request):
            return get_response(request)
        return _closed(request, found)

    return middleware


def _is_administrator(request: HttpRequest) -> bool:
    user: Any = request.user
    if not user.is_authenticated and request.path_info.startswith("/api/"):
        user = bearer_of(request)
    return bool(user and user.is_authenticated and user.is_system_admin)


def _closed(request: HttpRequest, found: Maintenance) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        text = found.message or _("The platform is closed for maintenance. Try again later.")
        response: HttpResponse = JsonResponse(
            rest.body(503, text), status=503, content_type=rest.CONTENT_TYPE
        )
    else:
        context = {"maintenance": found}
        response = HttpResponse(render_to_string("maintenance.html", context), status=503)
    response["Retry-After"] = str(_RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
