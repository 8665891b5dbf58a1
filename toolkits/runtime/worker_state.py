"""What a worker process knows of itself: name, queues, runners, whether it must stop."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.conf import settings

from toolkits.models import ToolkitVersion
from toolkits.runtime.pool import RunnerPool
from toolkits.runtime.spec import RunnerSpec


@dataclass
class _State:
    name: str = ""
    queues: tuple[str, ...] = ()
    heartbeat: Callable[[], None] | None = None
    beaten_at: float = 0.0
    stop_asked_at: float | None = None
    pool: RunnerPool = field(default_factory=RunnerPool)


_state = _State()
_BEAT_SECONDS = 20.0


def enter(name: str, queues: Iterable[str], heartbeat: Callable[[], None]) -> None:
    """Make this process the worker ``name``; ``heartbeat`` keeps it alive in RQ's eyes."""
    _state.name, _state.queues, _state.heartbeat = name, tuple(queues), heartbeat


def name() -> str:
    """The worker's name."""
    return _state.name or f"{socket.gethostname()}.{os.getpid()}"


def queues() -> tuple[str, ...]:
    """The queues that the worker serves, the most urgent first; none outside of a worker."""
    return _state.queues


def pool() -> RunnerPool:
    """The worker's warm runners."""
    return _state.pool


def spec_of(version: ToolkitVersion | None) -> RunnerSpec:
    """The spec of a version, made once for each version object, which is immutable."""
    assert version is not None
    spec: RunnerSpec | None = version.__dict__.get("_runner_spec")
    if spec is None:
        spec = version.__dict__["_runner_spec"] = RunnerSpec.of(version)
    return spec


def beat() -> None:
    """Renew RQ's view of a worker that is busy with a long job."""
    if _state.heartbeat and time.monotonic() - _state.beaten_at > _BEAT_SECONDS:
        _state.beaten_at = time.monotonic()
        _state.heartbeat()


def ask_stop() -> None:
    """Note that the worker was asked to end. A running job gets a short while to finish."""
    if _state.stop_asked_at is None:
        _state.stop_asked_at = time.monotonic()


def stopping() -> bool:
    """Whether the worker was asked to end: it takes nothing new."""
    return _state.stop_asked_at is not None


def must_stop() -> bool:
    """Whether the short while is over."""
    asked = _state.stop_asked_at
    return asked is not None and time.monotonic() - asked > settings.TOOLKIT_WORKER_STOP_SECONDS
