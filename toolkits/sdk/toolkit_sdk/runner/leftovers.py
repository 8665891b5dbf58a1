"""What a request left running when it was answered."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

_GRACE_SECONDS = 0.2
_TASKS = Path("/proc/self/task")


def running(before: set[int | None], *, patient: bool = True) -> list[str]:
    """Name the threads that were not there ``before`` and the processes below this one.

    Such a runner is replaced: what one job left must not run beside the next. If ``patient``,
    those that are about to end get a moment for it.
    """
    deadline = time.monotonic() + (_GRACE_SECONDS if patient else 0)
    while (found := _threads(before) + _processes()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def identities() -> set[int | None]:
    """The threads that are there now."""
    return {thread.ident for thread in threading.enumerate()}


def _threads(before: set[int | None]) -> list[str]:
    return [
        f"thread {thread.name}" for thread in threading.enumerate() if thread.ident not in before
    ]


def _processes() -> list[str]:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    found: list[str] = []
    with contextlib.suppress(OSError):
        for task in _TASKS.iterdir():
            found += [f"process {pid}" for pid in (task / "children").read_text().split()]
    return found
