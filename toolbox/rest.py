"""How the API answers errors: RFC 9457 problem details, whatever went wrong and wherever."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from toolbox import context
from toolbox.problems import Problem

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
_RETRY_SECONDS = 5
_NOTHING_HERE = "There is nothing here that you may see."


def problem_details(error: Exception, info: dict[str, Any]) -> Response:
    """Answer an error of an API view as ``application/problem+json``."""
    set_rollback()
    if isinstance(error, Problem):
        return _answer(
            error.http_status, str(error), error.title, error.errors, _problem_headers(error)
        )
    if isinstance(error, RequestDataTooBig):
        return _answer(413, "The body of the request is larger than is accepted here.")
    if isinstance(error, SuspiciousOperation):
        return _answer(400, "The request is malformed.")
    if isinstance(error, OperationalError):
        _report(info)
        return _answer(503, "The database is busy. Try again shortly.", headers=_retry())
    response = exception_handler(error, info)
    if response is None:
        _report(info)
        return _answer(500, "Something went wrong here. The log has it under the request id.")
    detail, errors = _detail(error, response.data)
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    return _answer(response.status_code, detail, errors=errors, headers=headers)


def _report(info: dict[str, Any]) -> None:
    """Do for an unforeseen error what Django would: log it and tell who listens."""
    request = getattr(info.get("request"), "_request", None)
    log.error("an API request failed", exc_info=sys.exc_info())
    got_request_exception.send(sender=None, request=request)


def _problem_headers(error: Problem) -> dict[str, str]:
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="api"'}
    if error.retry_after:
        return {"Retry-After": str(error.retry_after)}
    return _retry() if error.http_status == HTTPStatus.SERVICE_UNAVAILABLE else {}


def _retry() -> dict[str, str]:
    return {"Retry-After": str(_RETRY_SECONDS)}


def _detail(error: Exception, data: Any) -> tuple[str, list[dict[str, Any]]]:
    if isinstance(error, exceptions.ValidationError):
        return "The request is not valid.", list(_flatten(data, []))
    if isinstance(error, Http404 | exceptions.NotFound):
        return _NOTHING_HERE, []
    if isinstance(error, PermissionDenied):
        return "You may not do this.", []
    detail = getattr(error, "detail", error)
    return str(detail.get("detail", "") if isinstance(detail, dict) else detail), []


def _flatten(data: Any, loc: list[Any]) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            inner = loc if key == "non_field_errors" else [*loc, key]
            yield from _flatten(value, inner)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _flatten(value, [*loc, index] if isinstance(value, dict) else loc)
    else:
        yield {"loc": loc, "message": str(data)}


def body(
    status: int, detail: str, title: str = "", errors: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The members of a problem; ``request_id`` finds it in the log."""
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": context.current().request_id,
    }
    return {**found, "errors": errors} if errors else found


def _answer(
    status: int,
    detail: str,
    title: str = "",
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    problem = body(status, detail, title, errors)
    return Response(problem, status=status, headers=headers, content_type=CONTENT_TYPE)


@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """Answer 404 for what is not an address of the API, and say so where a slash is missing."""
    detail = "There is no such address in this API; /api/schema/ lists those that there are."
    if not request.path_info.endswith("/") and _leads_somewhere(request.path_info + "/"):
        detail = "The addresses of this API end in a slash, and this one has none."
    return JsonResponse(body(404, detail), status=404, content_type=CONTENT_TYPE)


def _leads_somewhere(path: str) -> bool:
    return resolve(path).func is not unknown_address
