"""Leading one request through a runner: answers its calls, keeps its time, ends it if need be."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import Any

from toolkits.runtime.process import Broken, Closed, Message, Output, RunnerProcess

TICK = 0.5
TERM_GRACE = 2.0
_EXIT_WAIT = 2.0


class CallRefused(Exception):
    """A call of the runner that gets an error for an answer. ``kind`` is machine-readable."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Listener:
    """What a conversation reports to. Each method does nothing unless overridden."""

    def line(self, moment: float, level: str, source: str, text: str) -> None:
        """A log line of the toolkit, or a line that it printed."""

    def progress(self, done: int | None, total: int | None, label: str) -> None:
        """How far it has come."""

    def call(self, message: dict[str, Any]) -> Any:
        """Answer a call, or raise ``CallRefused``."""
        raise CallRefused("unsupported", f"{message['type']} is not available here")

    def tick(self) -> str | None:
        """Called twice a second. Returns ``cancelled``, ``stopped`` or ``fenced`` to end it."""
        return None


@dataclass
class Outcome:
    """How a request ended. ``kind`` is ``result``, an error kind of the protocol, ``crashed``,
    or what ended it from outside: ``cancelled``, ``timed_out``, ``stopped``, ``fenced``."""

    kind: str
    value: Any = None
    reason: str = ""
    error: dict[str, Any] | None = None


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
    outcome = _Conversation(runner, listener, timeout, grace).run(request)
    runner.jobs += 1
    runner.used_at = time.monotonic()
    return outcome


class _Conversation:
    def __init__(
        self, runner: RunnerProcess, listener: Listener, timeout: float, grace: float
    ) -> None:
        self.runner, self.listener, self.grace, self.timeout = runner, listener, grace, timeout
        self.number = runner.next_number()
        now = time.monotonic()
        self.deadline = now + timeout
        self.next_tick = now
        self.asked = ""
        self.terminated = False
        self.outcome: Outcome | None = None

    def run(self, request: dict[str, Any]) -> Outcome:
        self.runner.send({**request, "id": self.number})
        while self.outcome is None:
            self._keep_time()
            if self.outcome is None:
                wait = min(self.next_tick, self.deadline) - time.monotonic()
                for event in self.runner.poll(wait):
                    self._take(event)
        self._drain()
        return self.outcome

    def _keep_time(self) -> None:
        now = time.monotonic()
        if now >= self.next_tick:
            self.next_tick = now + TICK
            reason = self.listener.tick()
            if reason == "fenced":
                self.runner.end()
                self.outcome = Outcome("fenced", reason="The job was taken over by another worker.")
                return
            if reason and not self.asked:
                self._ask(reason)
        if now < self.deadline:
            return
        if not self.asked:
            self._ask("timed_out")
        elif not self.terminated:
            self.terminated = True
            self.deadline = now + TERM_GRACE
            self.runner.signal(signal.SIGTERM)
        else:
            self._give_up()

    def _ask(self, reason: str) -> None:
        self.asked = reason
        self.deadline = time.monotonic() + self.grace
        word = "timeout" if reason == "timed_out" else "cancelled"
        self.runner.send({"type": "cancel", "id": self.number, "reason": word})

    def _give_up(self) -> None:
        self.runner.end()
        self.outcome = self._asked_outcome(" It did not stop when asked and was killed.")

    def _asked_outcome(self, more: str = "") -> Outcome:
        why = {
            "timed_out": f"It ran longer than its time limit of {self.timeout:g} seconds.",
            "cancelled": "It was cancelled.",
            "stopped": "The worker was stopped while it ran.",
        }[self.asked]
        return Outcome(self.asked, reason=why + more)

    def _take(self, event: Any) -> None:
        if isinstance(event, Output):
            level = "WARNING" if event.stream == "stderr" else "INFO"
            self.listener.line(time.time(), level, event.stream, event.text)
        elif self.outcome is not None:
            return
        elif isinstance(event, Message):
            self._message(event.body)
        elif isinstance(event, Broken):
            self.runner.end()
            self.outcome = Outcome("crashed", reason=f"The runner broke the protocol: {event.why}.")
        elif isinstance(event, Closed):
            self._closed()

    def _message(self, body: dict[str, Any]) -> None:
        kind = body["type"]
        try:
            if kind == "ready":
                self.runner.enforced = list(body.get("enforced", []))
            elif kind == "log":
                for moment, level, source, text in body["lines"]:
                    self.listener.line(float(moment), str(level), str(source), str(text))
            elif kind == "progress":
                label = str(body["label"] or "")
                self.listener.progress(body.get("done"), body.get("total"), label)
            elif kind == "result" and body["id"] == self.number:
                self.outcome = Outcome("result", value=body["value"])
            elif kind == "error":
                self._error(body)
            elif "call" in body:
                self._answer(body)
        except (KeyError, TypeError, ValueError) as error:
            self.runner.end()
            why = f"The runner broke the protocol: a bad {kind} message ({error!r})."
            self.outcome = Outcome("crashed", reason=why)

    def _error(self, body: dict[str, Any]) -> None:
        if body.get("id") not in (self.number, None):
            return
        kind, message = str(body["kind"]), str(body["message"])
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
        reply: dict[str, Any] = {"type": "reply", "call": body["call"]}
        try:
            reply |= {"ok": True, "value": self.listener.call(body)}
        except CallRefused as refused:
            reply |= {"ok": False, "error": {"kind": refused.kind, "message": str(refused)}}
        self.runner.send(reply)

    def _closed(self) -> None:
        status = self.runner.wait_status(_EXIT_WAIT)
        self._drain()
        self.runner.end()
        if self.asked:
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
