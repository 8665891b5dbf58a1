"""One runner process: its pipes, its messages, its output, its end."""

from __future__ import annotations

import codecs
import contextlib
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
_WARDEN_SECONDS = 10.0


def boot_time() -> float:
    """Seconds on the clock of the wardens: nobody can set it, and it counts sleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True)
class Message:
    """A message of the protocol."""

    body: dict[str, Any]


@dataclass(frozen=True)
class Output:
    """What toolkit code printed: whole lines, then the beginning of one that goes on.

    ``stream`` is ``stdout`` or ``stderr``. A beginning comes only when it is long.
    """

    stream: str
    lines: list[str]
    beginning: str = ""


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
        self.started_at = self.used_at = time.monotonic()
        #: Milliseconds from its start until it was confined and ready; None before that.
        self.ready_ms: float | None = None
        self.enforced: list[str] = []
        self.broken = self._ended = False
        self.left: list[str] = []
        self.code_pid: int | None = None
        self.sdk = ""
        self._number = 0
        self._outgoing = bytearray()
        self._up = bytearray()
        self._texts = {"stdout": "", "stderr": ""}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: decoder(errors="replace") for name in self._texts}
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
        leash_read, leash_write = os.pipe()
        try:
            self._process = subprocess.Popen(
                self.spec.command(down_read, up_write, leash_read),
                env=self.spec.environ(self.workdir, dict(os.environ)),
                cwd=self.workdir,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=(down_read, up_write, leash_read),
            )
        except OSError:
            for descriptor in (down_write, up_read, leash_write):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (down_read, up_write, leash_read):
                os.close(descriptor)
        self._down, self._leash = down_write, leash_write
        os.set_blocking(leash_write, False)
        os.set_blocking(down_write, False)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._watch(up_read, "up")
        self._watch(os.dup(self._process.stdout.fileno()), "stdout")
        self._watch(os.dup(self._process.stderr.fileno()), "stderr")
        self._process.stdout.close()
        self._process.stderr.close()
        self.send(self.spec.hello(self.workdir))

    def _watch(self, fd: int, name: str) -> None:
        os.set_blocking(fd, False)
        self._selector.register(fd, selectors.EVENT_READ, name)

    @property
    def pid(self) -> int:
        """The process id of the warden, which is also that of the group."""
        return self._process.pid

    def fileno(self) -> int:
        """A descriptor that is readable when ``poll`` has something to give."""
        return self._selector.fileno()

    def hold_until(self, moment: float) -> None:
        """Let the warden end everything at ``moment`` (see ``boot_time``), unless told anew."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._leash, b"%r\n" % moment)

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
        if not data:
            self._selector.unregister(fd)
            os.close(fd)
        if name != "up":
            return self._output(name, data)
        return self._messages(data) if data else [Closed()]

    def _messages(self, data: bytes) -> list[Event]:
        # A message that is not whole yet is kept apart, so that its parts are joined once.
        if b"\n" not in data:
            self._up += data
            lines: list[bytes] = []
        else:
            first, *lines = data.split(b"\n")
            lines = [bytes(self._up) + first, *lines]
            self._up = bytearray(lines.pop())
        events = [_message(line) for line in lines]
        if len(self._up) > MAX_MESSAGE:
            self._up.clear()
            events.append(Broken(f"a message larger than {MAX_MESSAGE:,} bytes"))
        return events

    def _output(self, stream: str, data: bytes) -> list[Event]:
        text = self._texts[stream] + self._decoders[stream].decode(data, final=not data)
        *lines, rest = text.split("\n")
        if not data and rest:
            lines, rest = [*lines, rest], ""
        beginning = rest if len(rest) > _LONGEST_OUTPUT_LINE else ""
        self._texts[stream] = "" if beginning else rest
        lines = [line.removesuffix("\r") for line in lines]
        return [Output(stream, lines, beginning)] if lines or beginning else []

    def signal(self, number: signal.Signals) -> None:
        """Signal the runner and all that it started. The warden takes no notice of SIGTERM."""
        if self._process.poll() is None:
            process_tree.end_tree(self.pid, number)

    def end(self) -> int | None:
        """Kill the runner and everything below it, and clear its folder away.

        Returns its exit status; negative is the signal that ended it. When it returns,
        everything is dead. Ending it again does nothing.
        """
        if self._ended:
            return self._process.returncode
        self.broken = self._ended = True
        self._let_go()
        status = self.wait_status(_WARDEN_SECONDS)
        if status is None or status < 0:
            # The warden itself was stopped or killed: do its work.
            process_tree.end_tree(self.pid)
            status = self._process.wait(timeout=10)
            process_tree.end_strays(self.pid, self.workdir, settings.TOOLKIT_RUNNER_UID)
        self._close()
        workdirs.remove(self.workdir)
        return status

    def _let_go(self) -> None:
        """Drop the leash, upon which the warden ends everything."""
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1

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
        self._selector.close()
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
