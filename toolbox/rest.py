"""How the API answers errors: RFC 9457 problem details."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from toolbox import context
from toolbox.problems import Problem


def problem_details(error: Exception, info: dict[str, Any]) -> Response | None:
    """Answer an API error as ``application/problem+json``; unknown errors stay Django's."""
    if isinstance(error, Problem):
        set_rollback()
        body = _body(error.http_status, error.title, str(error), error.errors)
        return Response(body, status=error.http_status, content_type="application/problem+json")
    response = exception_handler(error, info)
    if response is None:
        return None
    status = response.status_code
    detail, errors = _detail(error, response.data)
    response.data = _body(status, HTTPStatus(status).phrase, detail, errors)
    response.content_type = "application/problem+json"
    return response


def _detail(error: Exception, data: Any) -> tuple[str, list[dict[str, Any]]]:
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flatten(data, []))
        return "The request is not valid.", errors
    if isinstance(error, Http404):
        return "There is nothing here that you may see.", []
    if isinstance(error, PermissionDenied):
        return "You may not do this.", []
    return str(getattr(error, "detail", error)), []


def _flatten(data: Any, loc: list[Any]) -> Any:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _flatten(value, [*loc, key])
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _flatten(value, [*loc, index] if isinstance(value, dict) else loc)
    else:
        yield {"loc": loc, "message": str(data)}


def _body(
    status: int, title: str, detail: str, errors: list[dict[str, Any]]
) -> dict[str, Any]:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = errors
    return {**body, "request_id": context.current().request_id}
