"""The database and the cache."""

from typing import Any

from toolbox.settings import environment as e

_SQLITE = f"sqlite:///{e.VAR_DIR / 'toolbox.sqlite3'}"
DATABASE_URL = e.text(
    "DATABASE_URL",
    _SQLITE,
    shown="sqlite:///var/toolbox.sqlite3",
    about="PostgreSQL (postgres://user:password@host:5432/name) or SQLite (sqlite:///path).",
)
DATABASE_POOLER = e.choice(
    "DATABASE_POOLER",
    "none",
    ("none", "transaction"),
    about="`transaction` where PostgreSQL is reached through pgbouncer in transaction mode.",
)
DATABASE_CONN_MAX_AGE = e.number(
    "DATABASE_CONN_MAX_AGE",
    300,
    least=0,
    about="Seconds that a thread keeps its connection to PostgreSQL for its next request.",
)


def _sqlite(url: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": url.removeprefix("sqlite:///"),
        # Writers queue instead of failing: a transaction takes the write lock when it
        # begins, and waits for it.
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _database(url: str) -> dict[str, Any]:
    if url.startswith("sqlite:"):
        return _sqlite(url)
    if not url.startswith(("postgres:", "postgresql:")):
        e.problems.append("DATABASE_URL must begin with postgres:// or sqlite:///")
        return _sqlite(_SQLITE)
    config: dict[str, Any] = dict(e.env.db_url_config(url))
    config["CONN_MAX_AGE"] = DATABASE_CONN_MAX_AGE
    config["CONN_HEALTH_CHECKS"] = True
    # A cursor of the server lives in a session, and a pooler gives each transaction another one.
    # Prepared statements do too; Django's driver makes none.
    config["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLER == "transaction"
    return config


DATABASES = {"default": _database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = e.text(
    "REDIS_URL",
    about="Redis or Valkey: redis://:password@host:6379/0, rediss:// with TLS, or "
    "redis+sentinel://:password@host1:26379,host2:26379/service/0.",
)
REDIS_PREFIX = e.text(
    "REDIS_PREFIX", "toolbox", about="Stands before every key, where systems share a server."
)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"pool_class": "toolbox.redis_urls.CachePool"},
    }
}
