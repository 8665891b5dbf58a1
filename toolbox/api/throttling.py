"""How many requests a minute somebody may make: by role for users, by address for others.

Counts live in Redis and are lost with it. That is meant: a throttle protects the platform's
speed, and what guards accounts against guessing is kept elsewhere. REST framework imports this
module while it defines its views, so it imports none of them.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from toolbox import redis_urls

log = logging.getLogger(__name__)

_WINDOW = 60
_PAUSE = 10.0
_away_until = 0.0


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    # One for all threads, whose connections are kept; slow is as good as away.
    return redis_urls.connect(
        settings.REDIS_URL,
        socket_connect_timeout=1.0,
        socket_timeout=1.0,
        retry=Retry(NoBackoff(), 1),
    )


def count(scope: str, who: str) -> int:
    """Count one request of ``who`` in the present minute and return how many that makes.

    0 when Redis cannot be reached: the API goes on without it, and asks again after a while.
    """
    global _away_until
    if time.monotonic() < _away_until:
        return 0
    minute = int(time.time()) // _WINDOW
    key = f"{settings.REDIS_PREFIX}:throttle:{scope}:{who}:{minute}"
    try:
        pipe = _client().pipeline(transaction=False)
        pipe.incr(key)
        pipe.expire(key, _WINDOW * 2)
        return int(pipe.execute()[0])
    except RedisError as error:
        _away_until = time.monotonic() + _PAUSE
        log.warning("requests are not counted: Redis is not reachable (%s)", error)
        return 0


class MinuteThrottle(BaseThrottle):
    """Base: at most ``rate()`` requests a minute for what ``who()`` names."""

    def allow_request(self, request: Request, view: Any) -> bool:
        scope = self.scope(request)
        allowed = int(settings.API_REQUESTS_PER_MINUTE[scope])
        return not allowed or count(scope, self.who(request)) <= allowed

    def scope(self, request: Request) -> str:
        """Name the line of ``API_REQUESTS_PER_MINUTE`` that applies."""
        raise NotImplementedError

    def who(self, request: Request) -> str:
        """Name whom the requests are counted for."""
        return str(request.META.get("REMOTE_ADDR", ""))

    def wait(self) -> float:
        return _WINDOW - time.time() % _WINDOW


class RoleThrottle(MinuteThrottle):
    """The default. The permission that tells roles apart is one that the view asks for anyway,
    so that this costs no query of its own."""

    def scope(self, request: Request) -> str:
        user: Any = request.user
        if not user.is_authenticated:
            return "anonymous"
        return "staff" if user.has_perm("toolkits.view_all_jobs") else "user"

    def who(self, request: Request) -> str:
        return str(request.user.pk) if request.user.is_authenticated else super().who(request)


class SignInThrottle(MinuteThrottle):
    """For endpoints that take a password or a token before anybody is known."""

    def scope(self, request: Request) -> str:
        return "sign_in"


class DeviceThrottle(SignInThrottle):
    """For devices that ask to be let in; counted apart, because nobody guesses anything here."""

    def who(self, request: Request) -> str:
        return f"device:{super().who(request)}"
