"""Collects in the process, and adds to the common sums in Redis every few seconds."""

from __future__ import annotations

import atexit
import json
import logging
import threading
from collections import defaultdict
from functools import lru_cache

import redis
from django.conf import settings

from toolbox import redis_urls
from toolbox.metrics.catalogue import METRICS

log = logging.getLogger(__name__)

_EVERY_SECONDS = 2.0
_TIMEOUT = 1.0

#: A field of the common hash: the metric, its labels' values, and for a histogram the bucket.
Key = tuple[str, tuple[str, ...], str]

_lock = threading.Lock()
_pending: dict[Key, float] = defaultdict(float)
_wake = threading.Event()
_thread: threading.Thread | None = None


def count(name: str, *labels: str, by: float = 1.0) -> None:
    """Add to a counter. ``labels`` are in the catalogue's order."""
    _add({(name, labels, ""): by}, name, labels)


def observe(name: str, seconds: float, *labels: str) -> None:
    """Add a duration to a histogram."""
    found = {(name, labels, str(bound)): 1.0 for bound in METRICS[name].buckets if seconds <= bound}
    found[name, labels, "+Inf"] = 1.0
    found[name, labels, "sum"] = seconds
    _add(found, name, labels)


def _add(values: dict[Key, float], name: str, labels: tuple[str, ...]) -> None:
    if len(labels) != len(METRICS[name].labels):
        raise ValueError(f"{name} takes the labels {METRICS[name].labels}")
    with _lock:
        for key, value in values.items():
            _pending[key] += value
    _start()


def _start() -> None:
    """Begin to flush in the background, once a process: also in one that was forked."""
    global _thread
    if _thread is None or not _thread.is_alive():
        with _lock:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_flush_forever, name="metrics", daemon=True)
                _thread.start()


def _flush_forever() -> None:
    while not _wake.wait(_EVERY_SECONDS):
        flush()


@lru_cache(maxsize=1)
def _client() -> redis.Redis:
    return redis_urls.connect(
        settings.REDIS_URL, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT
    )


def _hash() -> str:
    return f"{settings.REDIS_PREFIX}:metrics"


def flush() -> bool:
    """Add what was collected to the common sums; what cannot be sent now waits for next time."""
    with _lock:
        taken = dict(_pending)
        _pending.clear()
    if not taken:
        return True
    try:
        pipe = _client().pipeline(transaction=False)
        for key, value in taken.items():
            pipe.hincrbyfloat(_hash(), json.dumps(key), value)
        pipe.execute()
    except (redis.RedisError, ValueError) as error:
        log.debug("metrics wait for the server: %s", error)
        with _lock:
            for key, value in taken.items():
                _pending[key] += value
        return False
    return True


def sums() -> dict[Key, float]:
    """Return the sums of all processes. Raises ``redis.RedisError``."""
    found = {}
    for field, value in _client().hgetall(_hash()).items():
        name, labels, bucket = json.loads(field)
        found[name, tuple(labels), bucket] = float(value)
    return found


atexit.register(flush)
