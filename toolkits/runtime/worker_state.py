"""What a worker process knows of itself: its name, its runners, whether it must stop."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings

from toolkits.runtime.pool import RunnerPool


@dataclass
class _State:
    name: str = ""
    heartbeat: Callable[[], None] | None = None
    beaten_at: float = 0.0
    stop_asked_at: float | None = None
    pool: RunnerPool = field(default_factory=RunnerPool)


_state = _State()
_BEAT_SECONDS = 20.0


def enter(name: str, heartbeat: Callable[[], None]) -> None:
    """Make this process the worker ``name``; ``heartbeat`` keeps it alive in RQ's eyes."""
    _state.name, _state.heartbeat = name, heartbeat


def name() -> str:
    """The worker's name."""
    return _state.name or f"{socket.gethostname()}.{os.getpid()}"


def pool() -> RunnerPool:
    """The worker's warm runners."""
    return _state.pool


def beat() -> None:
    """Renew RQ's view of a worker that is busy with a long job."""
    if _state.heartbeat and time.monotonic() - _state.beaten_at > _BEAT_SECONDS:
        _state.beaten_at = time.monotonic()
        _state.heartbeat()


def ask_stop() -> None:
    """Note that the worker was asked to end. A running job gets a short while to finish."""
    if _state.stop_asked_at is None:
        _state.stop_asked_at = time.monotonic()


def must_stop() -> bool:
    """Whether that while is over."""
    asked = _state.stop_asked_at
    return asked is not None and time.monotonic() - asked > settings.TOOLKIT_WORKER_STOP_SECONDS
