"""The last warnings of all processes."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest

from toolbox.system import recent


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> recent.RecentWarnings:
    monkeypatch.setattr(recent, "_own", recent.deque(maxlen=recent.KEPT))
    return recent.RecentWarnings()


def say(handler: logging.Handler, message: str, name: str = "toolkits", level: int = 30) -> None:
    record = logging.LogRecord(name, level, __file__, 1, message, None, None)
    if record.levelno >= handler.level and handler.filter(record):
        handler.emit(record)


def messages() -> list[str]:
    return [entry["message"] for entry in recent.recent()]


def test_warnings_of_every_process_are_read_back_newest_first(
    handler: recent.RecentWarnings, valkey: Any
) -> None:
    say(handler, "first")
    say(recent.RecentWarnings(), "second, of another process")
    assert messages() == ["second, of another process", "first"]


def test_no_more_are_kept_than_the_cap(
    handler: recent.RecentWarnings, valkey: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "KEPT", 3)
    for number in range(5):
        say(handler, f"warning {number}")
    assert messages() == ["warning 4", "warning 3", "warning 2"]


def test_without_redis_those_of_this_process_remain_and_nothing_waits(
    handler: recent.RecentWarnings, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    started = time.monotonic()
    for number in range(50):
        say(handler, f"warning {number}")
    assert time.monotonic() - started < 1
    assert messages()[0] == "warning 49"


def test_requests_for_what_is_not_there_are_left_out(
    handler: recent.RecentWarnings, settings: Any
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    say(handler, "Not Found: /wp-login.php", "django.request")
    say(handler, "Internal Server Error: /", "django.request", logging.ERROR)
    assert messages() == ["Internal Server Error: /"]
