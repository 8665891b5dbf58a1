"""The one Redis client of a process. django-rq would open a connection for each call."""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings

from toolbox import redis_urls

_CONNECT_SECONDS = 2.0


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """A client for all threads, whose connections are kept."""
    return redis_urls.connect(settings.REDIS_URL, socket_connect_timeout=_CONNECT_SECONDS)


def key(*parts: object) -> str:
    """A key of the platform's own."""
    return ":".join([settings.REDIS_PREFIX, *map(str, parts)])
