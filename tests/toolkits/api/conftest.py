from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from tests.support.api import Api
from tests.support.factories import make_row, operation
from toolkits.models import Toolkit

TEXT = {"type": "string", "title": "Name"}
INPUTS = {
    "type": "object",
    "properties": {
        "name": {**TEXT, "default": "world"},
        "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1},
    },
    "additionalProperties": False,
}
TARGETS: dict[str, Any] = {
    "name": "targets",
    "title": "Targets",
    "description": "Addresses.",
    "secret_fields": [],
    "schema": {
        "type": "object",
        "properties": {
            "host": {"type": "string", "minLength": 1},
            "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 443},
            "tags": {"type": "array", "items": {"type": "string"}, "default": []},
        },
        "required": ["host"],
        "additionalProperties": False,
    },
}
SETTINGS = {
    "schema": {
        "type": "object",
        "properties": {"seconds": {"type": "number", "minimum": 0, "default": 5}},
        "additionalProperties": False,
    },
    "secret_fields": [],
}


@pytest.fixture
def api() -> Callable[[User | None], Api]:
    """A client that is signed in as somebody: ``api(user).get("jobs/")``."""
    return Api


@pytest.fixture
def toolkit(db: None) -> Toolkit:
    """A toolkit of rows alone, with two operations, a collection and settings."""
    return make_row(
        "sample",
        operations=[
            operation("hello", inputs=INPUTS),
            operation("ask", inputs=INPUTS, interactive=True, dry_run=True),
        ],
        collections=[TARGETS],
        settings=SETTINGS,
    )
