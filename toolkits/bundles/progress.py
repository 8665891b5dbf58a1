"""What an install tells as it goes, and where it learns that it should stop.

Whoever runs one listens: a job writes what it hears into its log, a command onto the terminal.
Without a listener nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

#: The steps of an install, in order. Each is told when what it names has been done.
STEPS = (
    "opened", "writing", "written", "installing", "environment", "described", "stored", "planned",
    "in place", "activating", "active",
)  # fmt: skip


class Listener(Protocol):
    """Hears of an install."""

    def step(self, name: str, detail: str) -> None:
        """One of ``STEPS`` was reached."""

    def line(self, text: str) -> None:
        """What an installer wrote."""

    def heed(self) -> None:
        """Called often: raises what ends the install."""


_listener: ContextVar[Listener | None] = ContextVar("install_listener", default=None)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear of what happens in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def step(name: str, detail: str = "") -> None:
    """Tell of a step, which is also a moment to stop."""
    if found := _listener.get():
        found.step(name, detail)
        found.heed()


def line(text: str) -> None:
    """Tell what an installer wrote."""
    if found := _listener.get():
        found.line(text)


def heed() -> None:
    """Stop here if the listener says so."""
    if found := _listener.get():
        found.heed()
