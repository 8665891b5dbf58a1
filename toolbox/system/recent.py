"""The last warnings and errors of every process, for the support bundle.

Kept in Redis, where all processes can put them, and in the process's own memory for when
Redis is away. Both are capped, and losing them costs nothing: the log itself has them.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from toolbox import redis_urls

KEPT = 200
_LONGEST = 4000
_SECONDS = 0.25
_PAUSE_SECONDS = 30.0
_own: deque[dict[str, Any]] = deque(maxlen=KEPT)


def _key() -> str:
    return f"{settings.REDIS_PREFIX}:warnings"


def _connect() -> redis.Redis:
    return redis_urls.connect(
        settings.REDIS_URL, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )


class RecentWarnings(logging.Handler):
    """Keeps warnings and errors. One that cannot be kept is let go, and Redis left alone a while:
    a log line must never hold up work."""

    def __init__(self, level: int | str = logging.WARNING) -> None:
        super().__init__(level)
        self._client: redis.Redis | None = None
        self._silent_until = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave out what strangers cause at will: requests for what is not there."""
        noise = record.name == "django.request" and record.levelno < logging.ERROR
        noise = noise or record.name == "django.security.DisallowedHost"
        return not noise and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        try:
            entry = _entry(record)
            _own.append(entry)
            if time.monotonic() >= self._silent_until and settings.REDIS_URL:
                self._push(json.dumps(entry))
        except Exception:  # noqa: BLE001  (logging handlers report this way, and never raise)
            self.handleError(record)

    def _push(self, text: str) -> None:
        try:
            self._client = self._client or _connect()
            pipe = self._client.pipeline(transaction=False)
            pipe.lpush(_key(), text)
            pipe.ltrim(_key(), 0, KEPT - 1)
            pipe.execute()
        except redis.RedisError:
            self._silent_until = time.monotonic() + _PAUSE_SECONDS


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    entry = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
        "level": record.levelname,
        "logger": record.name,
        "process": " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]]),
        "message": record.getMessage()[:_LONGEST],
    }
    if record.exc_info:
        trace = logging.Formatter().formatException(record.exc_info)
        entry["exception"] = trace[-_LONGEST:]
    return entry


def recent() -> list[dict[str, Any]]:
    """The last warnings, newest first; only those of this process when Redis is away."""
    try:
        with _connect() as client:
            return [json.loads(text) for text in client.lrange(_key(), 0, KEPT - 1)]
    except (redis.RedisError, ValueError):
        return list(reversed(_own))
