"""Versions, configuration, disk and counts, as they are now."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.text import capfirst

from toolbox import __version__, redis_urls, secrets
from toolbox.secrets import SecretsError
from toolbox.system.masking import MASK, mask_urls

_SECONDS = 2
_LIBRARIES = ("Django", "djangorestframework", "django-rq", "rq", "redis", "hvac", "pydantic",
              "gunicorn", "cryptography")  # fmt: skip
# Half of a credential; the other half is a secret.
_HIDDEN = frozenset({"VAULT_APPROLE_ROLE_ID"})
MOST_COUNTED = 100_000


@dataclass(frozen=True)
class Setting:
    """One setting: what is set, in words that may be shown."""

    name: str
    value: str
    is_set: bool
    about: str


@dataclass(frozen=True)
class Disk:
    """Room where the platform keeps files."""

    name: str
    path: str
    total: int
    free: int

    @property
    def used_percent(self) -> int:
        """How full it is."""
        return round(100 * (self.total - self.free) / self.total) if self.total else 0


@dataclass(frozen=True)
class Count:
    """How many rows a table has; ``capped`` says that there are more."""

    name: str
    rows: int
    capped: bool


def versions() -> dict[str, str]:
    """Versions of the platform and of what it runs on."""
    return {
        "SRE Toolbox": __version__,
        "Python": platform.python_version(),
        "System": platform.platform(),
        "Database": _database_version(),
        "Redis": _redis_version(),
        "Vault": _vault_version(),
        **{name: metadata.version(name) for name in _LIBRARIES},
    }


def _database_version() -> str:
    try:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SHOW server_version")
                return f"PostgreSQL {cursor.fetchone()[0]}"
        numbers: Any = connection.Database.sqlite_version_info  # type: ignore[attr-defined]
        return f"SQLite {'.'.join(map(str, numbers))}"
    except DatabaseError:
        return "does not answer"


def _redis_version() -> str:
    try:
        with redis_urls.connect(
            settings.REDIS_URL, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
        ) as client:
            found: Any = client.info("server")
    except (redis.RedisError, ValueError):
        return "does not answer"
    if "valkey_version" in found:
        return f"Valkey {found['valkey_version']} (Redis {found['redis_version']})"
    return str(found.get("redis_version", ""))


def _vault_version() -> str:
    try:
        return secrets.client().status().version
    except SecretsError:
        return "does not answer"


def configuration() -> list[Setting]:
    """Every setting by name. Secrets and credentials within URLs are masked."""
    return [_setting(variable) for variable in settings.CONFIGURATION_VARIABLES.values()]


def _setting(variable: Any) -> Setting:
    if variable.kind == "secret" or variable.name in _HIDDEN:
        shown = MASK if variable.is_set else ""
    else:
        shown = mask_urls(variable.given or variable.default)
    return Setting(variable.name, shown, variable.is_set, variable.about)


def disks() -> list[Disk]:
    """Room in each folder that the platform writes to."""
    folders = {
        "Toolkits": settings.TOOLKIT_STORAGE_DIR,
        "Artifacts": settings.TOOLKIT_ARTIFACT_DIR,
        "Own files": settings.VAR_DIR,
    }
    found = []
    for name, path in folders.items():
        usage = shutil.disk_usage(_existing(path))
        found.append(Disk(name, str(path), usage.total, usage.free))
    return found


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def counts() -> list[Count]:
    """Rows of the project's own tables, in one question. Counting stops at ``MOST_COUNTED``."""
    own = [config for config in apps.get_app_configs() if "site-packages" not in config.path]
    models = [model for config in own for model in config.get_models()]
    counted = ", ".join(map(_counting, models))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counted}")
        found = cursor.fetchone()
    return [_count(model, rows) for model, rows in zip(models, found, strict=True)]


def _counting(model: Any) -> str:
    table = connection.ops.quote_name(model._meta.db_table)
    # The name is that of a table of ours, and nothing that anybody typed.
    some = f"SELECT 1 FROM {table} LIMIT {MOST_COUNTED + 1}"  # noqa: S608
    return f"(SELECT COUNT(*) FROM ({some}) AS counted)"  # noqa: S608


def _count(model: Any, rows: int) -> Count:
    name = capfirst(str(model._meta.verbose_name_plural))
    return Count(name, min(rows, MOST_COUNTED), rows > MOST_COUNTED)
