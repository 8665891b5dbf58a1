"""Names, paths and headers of strangers change the structure of no log line."""

from __future__ import annotations

import json
import logging

import pytest

from toolbox import context
from toolbox.logging import JsonFormatter, PlainFormatter

HOSTILE = "eve\n2026-01-01 ERROR root: all is lost\r\x1b[31m\x00\x9b\u2028\u202e"


def made(text: str) -> logging.LogRecord:
    return logging.LogRecord("toolbox.access", logging.INFO, "", 1, "GET %s", (text,), None)


def test_a_plain_line_stays_one_line_without_terminal_codes() -> None:
    line = PlainFormatter().format(made(f"/{HOSTILE}"))
    assert line.isprintable()
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("field", ["user", "request_id", "toolkit"])
def test_a_json_line_stays_one_object(field: str) -> None:
    with context.working(**{field: HOSTILE}):
        line = JsonFormatter().format(made(HOSTILE))
    assert len(line.splitlines()) == 1
    assert json.loads(line)[field] == HOSTILE
