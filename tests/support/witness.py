"""Sees from outside whether toolkit code runs, whatever the platform's rows say.

Each attempt holds a connection to the witness for as long as its process lives: the system itself
closes it when that is killed. Toolkit code says ``<job> <attempt>`` first, and ``done`` last.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Visit:
    """One attempt, as long as its connection stands. ``job`` is empty until it is told."""

    connection: socket.socket
    job: str = ""
    attempt: int = 0
    done: bool = False
    open: bool = True
    heard: bytes = field(default=b"", repr=False)

    def listen(self) -> None:
        """Take what was said, and notice the end."""
        try:
            while data := self.connection.recv(4096):
                self.heard += data
        except BlockingIOError:
            pass
        except OSError:
            self.open = False
        else:
            self.open = False
        words = self.heard.decode().split()
        if len(words) >= 2:
            self.job, self.attempt = words[0], int(words[1])
        self.done = "done" in words


class Witness:
    """Listens on ``port``. ``together`` names jobs of which two attempts were alive at once."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.setblocking(False)
        self.port: int = self._server.getsockname()[1]
        self._lock = threading.Lock()
        self._visits: list[Visit] = []
        self.together: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def visits(self, job: object = None) -> list[Visit]:
        """What was seen, of one job or of all, in order."""
        with self._lock:
            return [visit for visit in self._visits if job is None or visit.job == str(job)]

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        for visit in self._visits:
            visit.connection.close()
        self._server.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ, None)
            while not self._ended.is_set():
                for key, _ in selector.select(0.1):
                    with self._lock:
                        if key.data is None:
                            self._accept(selector)
                        else:
                            self._hear(selector, key.data)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        connection, _ = self._server.accept()
        connection.setblocking(False)
        visit = Visit(connection)
        self._visits.append(visit)
        selector.register(connection, selectors.EVENT_READ, visit)

    def _hear(self, selector: selectors.BaseSelector, visit: Visit) -> None:
        known = bool(visit.job)
        visit.listen()
        if visit.job and not known:
            self._look_for_others(visit)
        if not visit.open:
            selector.unregister(visit.connection)

    def _look_for_others(self, visit: Visit) -> None:
        for other in self._visits:
            if other is visit or other.job != visit.job or not other.open:
                continue
            # The end of a process that died before this one began already stands in its socket.
            other.listen()
            if other.open:
                self.together.append(f"{visit.job}: {other.attempt} and {visit.attempt}")


@contextlib.contextmanager
def watching() -> Iterator[Witness]:
    """A witness for a block."""
    witness = Witness()
    try:
        yield witness
    finally:
        witness.close()
