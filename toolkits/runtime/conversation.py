"""Leading one request through a runner: answers its calls, keeps its time, ends it if need be.

A conversation never blocks but in the turns that its owner gives it, so that one process can
lead several: ``leader.py`` does for jobs, ``converse`` leads a single one.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import Any

from toolkits.runtime.process import Broken, Closed, Message, Output, RunnerProcess

TICK = 0.5
#: Whoever cancels a job waits for its end: so often it is asked whether somebody has.
LOOK = 0.15
TERM_GRACE = 2.0
_EXIT_WAIT = 2.0


class CallRefused(Exception):
    """A call of the runner that gets an error for an answer. ``kind`` is machine-readable."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Later(Exception):
    """Raised for a call whose answer comes later, by ``Conversation.answer``."""


class Fenced(Exception):
    """Raised for a call of an attempt that no longer owns its job."""


class Listener:
    """What a conversation reports to. Each method does nothing unless overridden."""

    def lines(self, lines: list[list[Any]]) -> None:
        """Log lines of the toolkit: ``[epoch, level, source, text]``."""

    def output(self, stream: str, lines: list[str], beginning: str) -> None:
        """What it printed: whole lines, and the beginning of a long one that goes on."""

    def progress(self, done: int | None, total: int | None, label: str) -> None:
        """How far it has come."""

    def call(self, message: dict[str, Any]) -> Any:
        """Answer a call, or raise ``CallRefused``, ``Later`` or ``Fenced``."""
        raise CallRefused("unsupported", f"{message['type']} is not available here")

    def tick(self) -> str | None:
        """Called twice a second. Returns why it must end, if it must: ``cancelled``,
        ``stopped``; ``fenced`` or ``lapsed`` end it at once."""
        return None

    def look(self) -> str | None:
        """Called more often than ``tick``: whether it is ``cancelled``, at little cost."""
        return None

    def rung(self, name: str) -> None:
        """A rung of the ladder by which it is stopped: ``asked``, ``terminated``, ``killed``,
        ``dead``."""


@dataclass
class Outcome:
    """How a request ended. ``kind`` is ``result``, an error kind of the protocol, ``crashed``,
    or what ended it from outside: ``cancelled``, ``timed_out``, ``stopped``, ``fenced``,
    ``lapsed``."""

    kind: str
    value: Any = None
    reason: str = ""
    error: dict[str, Any] | None = None


_AT_ONCE = {
    "fenced": "The job was taken over by another worker.",
    "lapsed": "The database could not be reached for as long as the lease on the job lasts.",
}
_WORDS = {
    "timed_out": "timeout",
    "cancelled": "cancelled",
    "stopped": "cancelled",
}


def converse(
    runner: RunnerProcess,
    request: dict[str, Any],
    listener: Listener,
    *,
    timeout: float,
    grace: float = 5.0,
) -> Outcome:
    """Send ``request`` and lead it to its end, within ``timeout`` seconds.

    A runner that ignores being cancelled for ``grace`` seconds is told by SIGTERM, then
    killed with everything that it started.
    """
    talk = Conversation(runner, request, listener, timeout=timeout, grace=grace)
    while talk.outcome is None:
        talk.keep_time()
        talk.take_events(talk.due - time.monotonic())
    return talk.finish()


class Conversation:
    """One request that is under way. ``outcome`` is None until it has ended."""

    def __init__(
        self,
        runner: RunnerProcess,
        request: dict[str, Any],
        listener: Listener,
        *,
        timeout: float,
        grace: float,
    ) -> None:
        self.runner, self.listener, self.grace, self.timeout = runner, listener, grace, timeout
        self.number = runner.next_number()
        now = time.monotonic()
        self.deadline = now + timeout
        self.next_tick = now + TICK
        self.next_look = now + LOOK
        self.asked = ""
        self.terminated = False
        self.outcome: Outcome | None = None
        runner.send({**request, "id": self.number})

    @property
    def due(self) -> float:
        """When ``keep_time`` is to be called next, in monotonic seconds."""
        return min(self.next_tick, self.next_look, self.deadline)

    def take_events(self, seconds: float) -> None:
        """Wait at most ``seconds`` for the runner, and deal with what it says."""
        if self.outcome is None:
            for event in self.runner.poll(seconds):
                self._take(event)

    def finish(self) -> Outcome:
        """Take the last words of a conversation that has an outcome, and return that."""
        assert self.outcome is not None
        self._drain()
        self.runner.jobs += 1
        self.runner.used_at = time.monotonic()
        return self.outcome

    def answer(self, call: int, value: Any = None, refused: CallRefused | None = None) -> None:
        """Answer a call, now or later."""
        reply: dict[str, Any] = {"type": "reply", "call": call, "ok": refused is None}
        if refused is not None:
            reply["error"] = {"kind": refused.kind, "message": str(refused)}
        else:
            reply["value"] = value
        self.runner.send(reply)

    def keep_time(self) -> None:
        """Do what is due: the tick or a look, the time limit, the next rung of the ladder."""
        now = time.monotonic()
        if self.outcome is None and now >= self.next_tick:
            self.next_tick, self.next_look = now + TICK, now + LOOK
            self.heed(self.listener.tick())
        elif self.outcome is None and now >= self.next_look:
            self.next_look = now + LOOK
            if not self.asked:
                self.heed(self.listener.look())
        if self.outcome is None and now >= self.deadline:
            self._next_rung(now)

    def heed(self, reason: str | None) -> None:
        """Begin to end it for ``reason``, if there is one (see ``Listener.tick``)."""
        if reason in _AT_ONCE:
            self._end_at_once(reason)
        elif reason and not self.asked:
            self._ask(reason)

    def _end_at_once(self, kind: str) -> None:
        self.runner.end()
        self.outcome = Outcome(kind, reason=_AT_ONCE[kind])

    def _next_rung(self, now: float) -> None:
        if not self.asked:
            self._ask("timed_out")
        elif not self.terminated:
            self.terminated = True
            self.deadline = now + TERM_GRACE
            self.listener.rung("terminated")
            self.runner.signal(signal.SIGTERM)
        else:
            self.listener.rung("killed")
            self.runner.end()
            self.listener.rung("dead")
            self.outcome = self._asked_outcome(" It did not stop when asked and was killed.")

    def _ask(self, reason: str) -> None:
        self.asked = reason
        self.deadline = time.monotonic() + self.grace
        self.listener.rung("asked")
        self.runner.send({"type": "cancel", "id": self.number, "reason": _WORDS[reason]})

    def _asked_outcome(self, more: str = "") -> Outcome:
        why = {
            "timed_out": f"It ran longer than its time limit of {self.timeout:g} seconds.",
            "cancelled": "It was cancelled.",
            "stopped": "The worker was stopped while it ran.",
        }[self.asked]
        return Outcome(self.asked, reason=why + more)

    def _take(self, event: Any) -> None:
        if isinstance(event, Output):
            self.listener.output(event.stream, event.lines, event.beginning)
        elif self.outcome is not None:
            return
        elif isinstance(event, Message):
            self._message(event.body)
        elif isinstance(event, Broken):
            self._broke(event.why)
        elif isinstance(event, Closed):
            self._closed()

    def _broke(self, why: str) -> None:
        self.runner.end()
        self.outcome = Outcome("crashed", reason=f"The runner broke the protocol: {why}.")

    def _message(self, body: dict[str, Any]) -> None:
        kind = body["type"]
        try:
            if kind == "log":
                self.listener.lines(body["lines"])
            elif kind == "progress":
                self._progress(body)
            elif kind == "result" and body["id"] == self.number:
                self.runner.left = [str(name) for name in body.get("left") or ()]
                self.outcome = Outcome("result", value=body["value"])
            elif kind == "error":
                self._error(body)
            elif kind == "ready":
                self._ready(body)
            elif "call" in body:
                self._answer(body)
        except Fenced:
            self._end_at_once("fenced")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            self._broke(f"a bad {kind} message ({error!r})")

    def _progress(self, body: dict[str, Any]) -> None:
        done, total = body.get("done"), body.get("total")
        self.listener.progress(_whole(done), _whole(total), str(body["label"] or ""))

    def _ready(self, body: dict[str, Any]) -> None:
        self.runner.ready_ms = round((time.monotonic() - self.runner.started_at) * 1000, 1)
        self.runner.enforced = [str(name) for name in body.get("enforced", [])]
        self.runner.code_pid = int(body["pid"])
        self.runner.sdk = str(body.get("sdk") or "")[:40]

    def _error(self, body: dict[str, Any]) -> None:
        if body.get("id") not in (self.number, None):
            return
        self.runner.left = [str(name) for name in body.get("left") or ()]
        kind, message = str(body["kind"])[:40], str(body["message"])
        if self.asked and kind in {"cancelled", "timed_out"}:
            self.outcome = self._asked_outcome()
            return
        report = {
            "kind": kind,
            "message": message,
            "traceback": body.get("traceback"),
            "errors": body.get("errors") or [],
        }
        self.outcome = Outcome(kind, reason=message, error=report)

    def _answer(self, body: dict[str, Any]) -> None:
        try:
            value = self.listener.call(body)
        except Later:
            return
        except CallRefused as refused:
            self.answer(body["call"], refused=refused)
        else:
            self.answer(body["call"], value)

    def _closed(self) -> None:
        status = self.runner.wait_status(_EXIT_WAIT)
        self._drain()
        self.runner.end()
        if self.asked:
            self.listener.rung("dead")
            self.outcome = self._asked_outcome(" It ended without an answer.")
        else:
            self.outcome = Outcome("crashed", reason=_why_it_ended(status))

    def _drain(self) -> None:
        """Take what was printed before the end and still stands in the pipes."""
        for _ in range(64):
            if self.runner.broken or not (events := self.runner.poll(0)):
                return
            for event in events:
                self._take(event)


def _whole(number: Any) -> int | None:
    """A number of the protocol as the database takes it."""
    if number is None:
        return None
    return max(-(1 << 62), min(1 << 62, int(number)))


def _why_it_ended(status: int | None) -> str:
    if status is None:
        return "The runner closed its connection and was killed."
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = str(-status)
        hint = " The system may have run out of memory." if -status == signal.SIGKILL else ""
        return f"The runner was killed by {name} in the middle of the job.{hint}"
    return f"The runner ended with exit status {status} in the middle of the job."
