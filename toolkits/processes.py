"""Which process runs which version: every one tells what it sees, and has ready what it will need.

A process reads which version is active at each use, so it follows a switch at once. This is for
people to see that, and for hosts that share no disk: what a host lacks is fetched before somebody
waits for it.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError, close_old_connections
from redis.exceptions import RedisError

from toolkits.bundles import leftovers, presence
from toolkits.errors import BundleError
from toolkits.jobs.redis import client, key
from toolkits.models import Toolkit, ToolkitVersion

log = logging.getLogger(__name__)

_EVERY_SECONDS = 2.0
_SILENT_SECONDS = 15.0
_FORGOTTEN_SECONDS = 300.0
_AGAIN_SECONDS = 30.0

Warm = Callable[[], list[tuple[str, str]]]


@dataclass
class Process:
    """One process as it last told. ``versions`` are those that it sees as active, by toolkit;
    ``lacks`` those of them that its host has not got yet; ``warm`` those whose code is loaded."""

    kind: str
    host: str
    pid: int
    started: float
    told: float
    versions: dict[str, str] = field(default_factory=dict)
    lacks: list[str] = field(default_factory=list)
    warm: list[list[str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.kind}@{self.host}.{self.pid}"

    @property
    def silent(self) -> bool:
        """Whether it has not told anything for so long that it has probably ended."""
        return time.time() - self.told > _SILENT_SECONDS


def begin(kind: str, *, runs_code: bool, warm: Warm | None = None) -> None:
    """Clean up after installs that were killed, and tell of this process from now on."""
    try:
        leftovers.sweep()
    except (DatabaseError, OSError) as error:
        log.warning("what killed installs have left was not looked for: %s", error)
    _Attendance(kind, runs_code, warm or list).start()


class _Attendance(threading.Thread):
    def __init__(self, kind: str, runs_code: bool, warm: Warm) -> None:
        super().__init__(name="attendance", daemon=True)
        host = socket.gethostname()
        self._process = Process(kind, host, os.getpid(), time.time(), 0.0)
        self._runs_code, self._warm = runs_code, warm
        self._failed: dict[str, float] = {}

    def run(self) -> None:
        while True:
            try:
                self._tell()
            except (DatabaseError, RedisError, OSError) as error:
                log.debug("this process could not tell what it runs: %s", error)
            time.sleep(_EVERY_SECONDS)

    def _tell(self) -> None:
        close_old_connections()
        toolkits = Toolkit.objects.installed().select_related("active_version")
        active = [one.active_version for one in toolkits.order_by("slug") if one.active_version]
        self._process.versions = {str(v.manifest["slug"]): label(v) for v in active}
        lacking = [version for version in active if not self._here(version)]
        self._process.lacks = [str(version.manifest["slug"]) for version in lacking]
        self._process.warm = [list(pair) for pair in self._warm()]
        self._write()
        for version in lacking:
            self._get(version)

    def _here(self, version: ToolkitVersion) -> bool:
        return presence.is_here(version) if self._runs_code else version.path.is_dir()

    def _get(self, version: ToolkitVersion) -> None:
        now = time.monotonic()
        if now < self._failed.get(version.digest, 0.0):
            return
        try:
            presence.ensure(version) if self._runs_code else presence.bundle_of(version)
        except BundleError as error:
            log.warning("%s is not to be had: %s", label(version), error)
            self._failed[version.digest] = now + _AGAIN_SECONDS

    def _write(self) -> None:
        self._process.told = time.time()
        client().hset(key("processes"), self._process.name, json.dumps(vars(self._process)))


def label(version: ToolkitVersion) -> str:
    """A version with the beginning of its digest."""
    return f"{version.version}-{version.digest[:12]}"


def known() -> list[Process]:
    """Every process that told of itself lately, the kinds together. Raises ``RedisError``."""
    stored: dict[Any, Any] = client().hgetall(key("processes"))
    found = [Process(**json.loads(text)) for text in stored.values()]
    gone = [one for one in found if time.time() - one.told > _FORGOTTEN_SECONDS]
    if gone:
        client().hdel(key("processes"), *(one.name for one in gone))
    return sorted((one for one in found if one not in gone), key=lambda one: one.name)


def wanted() -> dict[str, str]:
    """The version of each toolkit that is active now."""
    toolkits = Toolkit.objects.installed().select_related("active_version").order_by("slug")
    return {one.slug: label(one.active_version) for one in toolkits if one.active_version}
