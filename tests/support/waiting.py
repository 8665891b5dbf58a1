"""Waiting for a state: polled with a deadline, never slept for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ready: Callable[[], T], seconds: float = 20.0, what: str = "") -> T:
    """Return the first true value of ``ready``; fail when there is none within ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        if value := ready():
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what or ready}")
        time.sleep(0.02)
