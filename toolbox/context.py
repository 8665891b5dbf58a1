"""What the current unit of work is: request, job, user and address, for logs and audit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Work:
    """Names of the unit of work that code runs in; empty strings where it has none."""

    request_id: str = ""
    job_id: str = ""
    toolkit: str = ""
    user: str = ""
    address: str = ""
    user_agent: str = ""
    #: W3C ``traceparent`` of the span that it is (``toolbox.tracing``).
    trace: str = ""
    #: The ``toolbox.events.Actor`` through which the user acts, such as a personal token.
    credential: Any = None


_current: ContextVar[Work] = ContextVar("work", default=Work())  # noqa: B039  (frozen)


def current() -> Work:
    """Return the unit of work of this thread or task."""
    return _current.get()


@contextmanager
def working(**names: Any) -> Iterator[Work]:
    """Run a block within a unit of work that has ``names`` set on top of the present one."""
    work = replace(_current.get(), **names)
    token = _current.set(work)
    try:
        yield work
    finally:
        _current.reset(token)


def note_user(user: str) -> None:
    """Name the user of the present unit of work, once it is known."""
    _current.set(replace(_current.get(), user=user))


def note_credential(credential: Any) -> None:
    """Name the credential that the user of the present unit of work came with."""
    _current.set(replace(_current.get(), credential=credential))
