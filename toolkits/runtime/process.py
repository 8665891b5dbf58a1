"""One runner process: its pipes, its messages, its output, its end."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from toolkits.runtime import process_tree, workdirs
from toolkits.runtime.spec import RunnerSpec

MAX_MESSAGE = 16 << 20
_READ = 1 << 18
_LONGEST_OUTPUT_LINE = 16_384


@dataclass(frozen=True)
class Message:
    """A message of the protocol."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Output:
    """A line that toolkit code printed. ``stream`` is ``stdout`` or ``stderr``."""

    stream: str
    text: str


@dataclass(frozen=True)
class Closed:
    """The runner's end of the protocol is closed: it has ended or is about to."""


@dataclass(frozen=True)
class Broken:
    """The runner sent what is not the protocol."""

    why: str


Event = Message | Output | Closed | Broken


class RunnerProcess:
    """A started runner. All methods are for the one thread that leads it."""

    def __init__(self, spec: RunnerSpec) -> None:
        self.spec = spec
        self.jobs = 0
        self.used_at = time.monotonic()
        self.enforced: list[str] = []
        self.broken = False
        self._number = 0
        self._outgoing = bytearray()
        self._buffers: dict[str, bytearray] = {"up": bytearray()}
        self._selector = selectors.DefaultSelector()
        self.workdir = workdirs.create(settings.TOOLKIT_RUNNER_UID)
        try:
            self._start()
        except BaseException:
            workdirs.remove(self.workdir)
            raise

    def _start(self) -> None:
        down_read, down_write = os.pipe()
        up_read, up_write = os.pipe()
        try:
            self._process = subprocess.Popen(
                self.spec.command(down_read, up_write),
                env=self.spec.environ(self.workdir, dict(os.environ)),
                cwd=self.workdir,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=(down_read, up_write),
            )
        except OSError:
            os.close(down_write)
            os.close(up_read)
            raise
        finally:
            os.close(down_read)
            os.close(up_write)
        self._down = down_write
        os.set_blocking(down_write, False)
        assert self._process.stdout
        assert self._process.stderr
        self._watch(up_read, "up")
        self._watch(os.dup(self._process.stdout.fileno()), "stdout")
        self._watch(os.dup(self._process.stderr.fileno()), "stderr")
        self._process.stdout.close()
        self._process.stderr.close()
        self.send(self.spec.hello(self.workdir))

    def _watch(self, fd: int, name: str) -> None:
        os.set_blocking(fd, False)
        self._buffers[name] = bytearray()
        self._selector.register(fd, selectors.EVENT_READ, name)

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs and its protocol is intact."""
        return not self.broken and self._process.poll() is None

    def next_number(self) -> int:
        """Return an id for a request."""
        self._number += 1
        return self._number

    def send(self, body: dict[str, Any]) -> None:
        """Queue a message for the runner. It leaves now, or as soon as the pipe takes it."""
        self._outgoing += json.dumps(body, separators=(",", ":")).encode() + b"\n"
        self._flush()

    def _flush(self) -> None:
        try:
            while self._outgoing:
                del self._outgoing[: os.write(self._down, self._outgoing[:_READ])]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._outgoing.clear()
        registered = self._down in self._selector.get_map()
        if self._outgoing and not registered:
            self._selector.register(self._down, selectors.EVENT_WRITE, "down")
        elif not self._outgoing and registered:
            self._selector.unregister(self._down)

    def poll(self, seconds: float) -> list[Event]:
        """Wait at most ``seconds`` for something to happen, and return what did, in order."""
        events: list[Event] = []
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.data == "down":
                self._flush()
            else:
                events.extend(self._read(key.fd, key.data))
        # Output first: what was printed before a result belongs before it.
        return sorted(events, key=lambda event: not isinstance(event, Output))

    def _read(self, fd: int, name: str) -> list[Event]:
        try:
            data = os.read(fd, _READ)
        except BlockingIOError:
            return []
        buffer = self._buffers[name]
        if data:
            buffer += data
            return self._messages(buffer) if name == "up" else self._output(buffer, name)
        self._selector.unregister(fd)
        os.close(fd)
        if name == "up":
            return [Closed()]
        return self._output(buffer + b"\n", name) if buffer else []

    def _messages(self, buffer: bytearray) -> list[Event]:
        *lines, rest = bytes(buffer).split(b"\n")
        del buffer[: len(buffer) - len(rest)]
        events = [_message(line) for line in lines]
        if len(rest) > MAX_MESSAGE:
            buffer.clear()
            events.append(Broken(f"a message larger than {MAX_MESSAGE:,} bytes"))
        return events

    def _output(self, buffer: bytearray, stream: str) -> list[Event]:
        *lines, rest = bytes(buffer).split(b"\n")
        if len(rest) > _LONGEST_OUTPUT_LINE:
            lines, rest = [*lines, rest], b""
        del buffer[: len(buffer) - len(rest)]
        return [Output(stream, line.decode(errors="replace").rstrip("\r")) for line in lines]

    def signal(self, number: signal.Signals) -> None:
        """Signal the runner and all that it started."""
        if self._process.poll() is None:
            process_tree.end_tree(self.pid, number)

    def end(self) -> int | None:
        """Kill the runner and everything below it, and clear its folder away.

        Returns its exit status; negative is the signal that ended it.
        """
        self.broken = True
        if self._process.poll() is None:
            process_tree.end_tree(self.pid)
        status = self._process.wait(timeout=10)
        self._close()
        workdirs.remove(self.workdir)
        return status

    def wait_status(self, seconds: float) -> int | None:
        """Return the exit status, waiting for it at most ``seconds``; None while it runs."""
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            self._selector.unregister(key.fd)
            if key.data != "down":
                os.close(key.fd)
        if self._down >= 0:
            os.close(self._down)
            self._down = -1


def _message(line: bytes) -> Event:
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return Broken("a line that is not JSON")
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        return Broken("a message without a type")
    return Message(body)
