"""The runner's end of the protocol: newline-delimited JSON over two private descriptors."""

from __future__ import annotations

import itertools
import json
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from toolkit_sdk.errors import CallError, Cancelled, TimedOut

_FLUSH_SECONDS = 0.1
_FLUSH_LINES = 500
_FLUSH_BYTES = 65_536
_PROGRESS_SECONDS = 0.1
_LONGEST_TEXT = 65_536
_WAIT_SECONDS = 0.1
_STOPPED = {"cancelled": Cancelled, "timeout": TimedOut}


def _value(reply: dict[str, Any]) -> Any:
    if reply["ok"]:
        return reply.get("value")
    kind = reply["error"]["kind"]
    if kind in _STOPPED:
        # It was asked to stop while its call waited.
        raise _STOPPED[kind]
    raise CallError(kind, reply["error"]["message"])


def _ignore(number: int, reason: str) -> None:
    return None


class Channel:
    """Sends messages, batches log lines, and matches replies to the calls that wait."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._reader = os.fdopen(read_fd, "rb")
        self._write_fd = write_fd
        self._write_lock = threading.Lock()
        self._log_lock = threading.Lock()
        self._lines: list[list[Any]] = []
        self._size = 0
        self._calls = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._progress: tuple[int, int | None, str] | None = None
        self._progress_at = 0.0
        self.requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self.current = 0
        self.on_cancel: Callable[[int, str], None] = _ignore

    def read(self) -> dict[str, Any] | None:
        """Return the next message; None when the worker has gone."""
        line = self._reader.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def start(self) -> None:
        """Begin to read and to flush in the background."""
        threading.Thread(target=self._read_forever, name="protocol", daemon=True).start()
        threading.Thread(target=self._flush_forever, name="log-flush", daemon=True).start()

    def send(self, **message: Any) -> None:
        """Send one message."""
        data = json.dumps(message, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        with self._write_lock:
            view = memoryview(data)
            while view:
                view = view[os.write(self._write_fd, view) :]

    def _read_forever(self) -> None:
        while (message := self.read()) is not None:
            kind = message["type"]
            if kind == "reply":
                if waiting := self._waiting.pop(message["call"], None):
                    waiting.put(message)
            elif kind == "cancel":
                self.on_cancel(message["id"], message["reason"])
            elif kind == "ping":
                self.send(type="pong", id=message["id"])
            elif kind == "exit":
                break
            else:
                self.requests.put(message)
        # The worker has gone or wants an end: toolkit code must not run on without it.
        os._exit(0)

    def call(self, kind: str, **arguments: Any) -> Any:
        """Ask the platform and wait for the answer. Raises ``CallError``."""
        return _value(self._ask(kind, arguments).get())

    def wait(self, kind: str, checkpoint: Callable[[], None], **arguments: Any) -> Any:
        """Like ``call``, for an answer that may take long: ``checkpoint`` is called again and
        again meanwhile, and may raise."""
        answer = self._ask(kind, arguments)
        while True:
            checkpoint()
            try:
                return _value(answer.get(timeout=_WAIT_SECONDS))
            except queue.Empty:
                continue

    def _ask(self, kind: str, arguments: dict[str, Any]) -> queue.SimpleQueue[dict[str, Any]]:
        number = next(self._calls)
        answer: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._waiting[number] = answer
        # Log lines first: what the call does is then logged after what led to it.
        self.flush()
        self.send(type=kind, call=number, **arguments)
        return answer

    def log(self, level: str, source: str, text: str) -> None:
        """Add a log line of the current request to the batch."""
        if not self.current:
            return
        text = text[:_LONGEST_TEXT]
        with self._log_lock:
            self._lines.append([round(time.time(), 3), level, source, text])
            self._size += len(text) + 64
            full = len(self._lines) >= _FLUSH_LINES or self._size >= _FLUSH_BYTES
        if full:
            self.flush()

    def progress(self, done: int, total: int | None, label: str) -> None:
        """Report progress, ten times a second at the most; ``flush`` sends what is held back."""
        self._progress = (done, total, label[:200])
        if time.monotonic() - self._progress_at >= _PROGRESS_SECONDS:
            self._send_progress()

    def _send_progress(self) -> None:
        held, self._progress = self._progress, None
        if held is not None and self.current:
            self._progress_at = time.monotonic()
            done, total, label = held
            self.send(type="progress", id=self.current, done=done, total=total, label=label)

    def flush(self) -> None:
        """Send the batch of log lines."""
        with self._log_lock:
            lines, self._lines, self._size = self._lines, [], 0
            if lines and self.current:
                # Within the lock, so that batches of two threads keep their order.
                self.send(type="log", id=self.current, lines=lines)

    def finish(self) -> None:
        """Send all that is held back, before a request is answered."""
        self.flush()
        self._send_progress()

    def _flush_forever(self) -> None:
        while True:
            time.sleep(_FLUSH_SECONDS)
            if self._lines:
                self.flush()
