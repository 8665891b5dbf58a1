"""Asking the API in a test."""

from __future__ import annotations

from typing import Any

from django.core.signals import request_finished
from django.db import close_old_connections
from rest_framework.test import APIClient

from accounts.models import User


class Api:
    """A signed-in client of ``/api/v1/``: paths are relative to it, bodies are JSON."""

    def __init__(self, user: User | None = None) -> None:
        self.client = APIClient(raise_request_exception=True)
        if user is not None:
            self.client.force_login(user)

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.get(_address(path), query, headers=_named(headers))

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        return self._send("post", path, data, options)

    def put(self, path: str, data: Any = None, **options: Any) -> Any:
        return self._send("put", path, data, options)

    def patch(self, path: str, data: Any = None, **options: Any) -> Any:
        return self._send("patch", path, data, options)

    def delete(self, path: str, **options: Any) -> Any:
        return self._send("delete", path, None, options)

    def _send(self, method: str, path: str, data: Any, options: dict[str, Any]) -> Any:
        known = {"format", "content_type", "query_params"}
        passed = {name: options.pop(name) for name in known & set(options)}
        if "content_type" not in passed:
            passed.setdefault("format", "json")
        send = getattr(self.client, method)
        return send(_address(path), data, headers=_named(options), **passed)


def _address(path: str) -> str:
    return path if path.startswith("/") else f"/api/v1/{path}"


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def close(response: Any) -> None:
    """Close a stream as the server would, but leave the test its connection."""
    request_finished.disconnect(close_old_connections)
    response.close()
    request_finished.connect(close_old_connections)


def problem(response: Any, status: int) -> dict[str, Any]:
    """Check that the answer is a problem of this status and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response["X-Request-ID"]
    return body


def places(body: dict[str, Any]) -> list[list[str | int]]:
    """The places that a problem names."""
    return [error["loc"] for error in body["errors"]]
