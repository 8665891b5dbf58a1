"""Connections by ``REDIS_URL``: to one server, with TLS or without, or to the one that a group of
Sentinels calls the master.

A URL for Sentinels names all of them, the service and the database:
``redis+sentinel://user:password@host1:26379,host2:26379/service/0``. With ``rediss+sentinel`` all
connections use TLS. ``sentinel_username`` and ``sentinel_password`` in the query are for the
Sentinels themselves; the other options are redis-py's, such as ``ssl_ca_certs``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import redis
from redis.connection import SSLConnection, parse_url
from redis.sentinel import Sentinel, SentinelConnectionPool

_PORT = 26379
_SCHEMES = {"redis+sentinel": "redis", "rediss+sentinel": "rediss"}


@dataclass(frozen=True)
class SentinelUrl:
    """Where the Sentinels are, what their service is called, and how to connect to either."""

    sentinels: list[tuple[str, int]]
    service: str
    options: dict[str, Any] = field(repr=False)
    sentinel_options: dict[str, Any] = field(repr=False)


def sentinel(url: str) -> SentinelUrl | None:
    """Read a URL for Sentinels; None for any other. Raises ``ValueError`` for a bad one."""
    scheme, _, rest = url.partition("://")
    if scheme not in _SCHEMES:
        return None
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    user_info, at, hosts = authority.rpartition("@")
    service, _, database = path.partition("/")
    if not service or not hosts:
        raise ValueError("a URL for Sentinels is redis+sentinel://host:26379,…/service/database")
    # One server's URL in the usual form, for redis-py to read everything else from.
    plain = f"{_SCHEMES[scheme]}://{user_info}{at}host/{database or 0}"
    options: dict[str, Any] = dict(
        parse_url(f"{plain}?{query}" if query else plain)  # type: ignore[no-untyped-call]
    )
    options.pop("host", None)
    options["ssl"] = options.pop("connection_class", None) is SSLConnection
    own = {
        name: options.pop(f"sentinel_{name}", None) for name in ("username", "password")
    } | {name: value for name, value in options.items() if name.startswith("ssl")}
    return SentinelUrl([_address(host) for host in hosts.split(",")], service, options, own)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":") if ":" in text else (text.strip(), "", "")
    return host.strip("[]"), int(port or _PORT)


class CachePool:
    """Takes the place of redis-py's pool in Django's cache, which knows no Sentinels."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> redis.ConnectionPool:
        """Return the pool for a URL of either kind."""
        return pool(url, **options)


def pool(url: str, **options: Any) -> redis.ConnectionPool:
    """Return a pool of connections. Raises ``ValueError`` for a bad URL."""
    found = sentinel(url)
    if found is None:
        return redis.ConnectionPool.from_url(url, **options)
    ask = {name: value for name, value in options.items() if name.startswith("socket")}
    group = Sentinel(  # type: ignore[no-untyped-call]
        found.sentinels,
        sentinel_kwargs={**found.sentinel_options, "socket_connect_timeout": 2.0, **ask},
    )
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        found.service, group, **{**found.options, **options}
    )


def connect(url: str, **options: Any) -> redis.Redis:
    """Return a client, which connects when it is used. Raises ``ValueError`` for a bad URL."""
    return redis.Redis.from_pool(pool(url, **options))
