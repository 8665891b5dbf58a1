"""The page for an error that nobody foresaw, and for a part that does not answer."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from toolbox import rest
from toolbox.secrets.errors import SecretsUnavailable

_RETRY_SECONDS = 15
_AWAY = "A part that the toolbox needs does not answer. Try again shortly."
_BROKEN = "Something went wrong here. The log has it under the request id."
_UNAVAILABLE = (
    InterfaceError,
    OperationalError,
    RedisConnectionError,
    RedisTimeoutError,
    SecretsUnavailable,
)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 where something that the toolbox needs is away, else 500.

    Neither page needs a session, a user or the database. The API gets problem details.
    """
    away = isinstance(sys.exc_info()[1], _UNAVAILABLE)
    status = 503 if away else 500
    if request.path_info.startswith("/api/"):
        response: HttpResponse = JsonResponse(
            rest.body(status, _AWAY if away else _BROKEN),
            status=status,
            content_type=rest.CONTENT_TYPE,
        )
    else:
        response = HttpResponse(loader.get_template(f"{status}.html").render(), status=status)
    if away:
        response["Retry-After"] = str(_RETRY_SECONDS)
    return response
