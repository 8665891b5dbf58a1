"""What a worker does while the database is away: it waits, and loses nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from toolkits.runtime import worker_state

log = logging.getLogger(__name__)

_AWAY = (OperationalError, InterfaceError)
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_PATIENCE_SECONDS = 600.0


@dataclass
class Reached:
    """True once a block has run to its end; false when the database was away."""

    value: bool = False

    def __bool__(self) -> bool:
        return self.value


@contextmanager
def tolerated() -> Iterator[Reached]:
    """Run a block and go on after it when the database cannot be reached; tells which it was."""
    reached = Reached()
    try:
        yield reached
        reached.value = True
    except _AWAY as error:
        log.warning("the database does not answer: %s", error)
        connection.close()


def insist(act: Callable[[], bool]) -> bool:
    """Do ``act`` and return what it returns, again and again while the database is away."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    pause = _FIRST_PAUSE
    while True:
        with tolerated() as reached:
            done = act()
        if reached:
            return done
        if time.monotonic() > deadline or worker_state.must_stop():
            log.error("the database stayed away: what had to be written is lost")
            return False
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)
        worker_state.beat()
