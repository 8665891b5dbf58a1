"""A bound on what may hold a thread of this process for long.

The web process has few threads. Streams and waiting callers each get a share of them, and
the rest stays free for everybody else.
"""

from __future__ import annotations

import threading

from toolbox.problems import Problem


class Busy(Problem):
    """All slots are taken; the answer says when to come again."""

    http_status = 503
    title = "Too busy for this at the moment"


class Slots:
    """A number of slots. ``take`` never waits."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lock = threading.Lock()
        self.taken = 0

    def take(self, most: int) -> Slot:
        """Return a slot, or raise ``Busy`` when ``most`` are taken."""
        with self._lock:
            if self.taken >= most:
                raise Busy(f"This server holds as many {self._what} as it can. Try again shortly.")
            self.taken += 1
        return Slot(self)

    def give_back(self) -> None:
        """Free one slot."""
        with self._lock:
            self.taken -= 1


class Slot:
    """One slot, given back once, however often ``free`` is called."""

    def __init__(self, slots: Slots) -> None:
        self._slots: Slots | None = slots
        self._lock = threading.Lock()

    def free(self) -> None:
        """Give the slot back."""
        with self._lock:
            slots, self._slots = self._slots, None
        if slots is not None:
            slots.give_back()

    def __enter__(self) -> Slot:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()
