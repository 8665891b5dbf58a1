"""The database and the cache."""

from typing import Any

from toolbox.settings import environment as e

DATABASE_URL = e.text("DATABASE_URL") or f"sqlite:///{e.VAR_DIR / 'toolbox.sqlite3'}"


def _database(url: str) -> dict[str, Any]:
    if url.startswith("sqlite:"):
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
    config: dict[str, Any] = dict(e.env.db_url_config(url))
    config["CONN_MAX_AGE"] = 300
    config["CONN_HEALTH_CHECKS"] = True
    return config


DATABASES = {"default": _database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = e.text("REDIS_URL")
REDIS_PREFIX = e.text("REDIS_PREFIX", "toolbox")

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
    }
}
