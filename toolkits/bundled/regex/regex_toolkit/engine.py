"""Runs patterns in a child process that is killed when they take too long."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit_sdk import Context, ToolkitError

from regex_toolkit.app import Engine

_CHILD = Path(__file__).with_name("child.py")
_START_SECONDS = 15.0
_TICK = 0.05


@dataclass(frozen=True)
class Task:
    """One pattern, and what to do with it."""

    pattern: str
    text: str = ""
    flags: str = ""
    engine: Engine = "re"
    action: str = "find"
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of it: a result, a mistake in the pattern, or ``stopped`` as too slow."""

    result: dict[str, Any] | None = None
    error: str = ""
    position: int | None = None
    #: Which input the mistake is in.
    blamed: str = "pattern"
    stopped: bool = False
    reached: int = 0
    seconds: float = 0.0


def run(ctx: Context, task: Task, limit: float) -> Outcome:
    """Run a task for at most ``limit`` seconds; a cancelled job ends it at once."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", str(_CHILD)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        try:
            return _Conversation(ctx, child, limit).hold(_message(task))
        finally:
            child.kill()


def _message(task: Task) -> bytes:
    message: dict[str, Any] = {
        "most": 1000, "count": 0, "replacement": "", "lines": [], **task.options,
        "pattern": task.pattern, "text": task.text, "flags": task.flags,
        "engine": task.engine, "action": task.action,
    }  # fmt: skip
    if task.engine == "re2":
        if refused := {"x", "a"} & set(task.flags):
            names = " and ".join({"x": "verbose", "a": "ascii"}[one] for one in sorted(refused))
            raise ToolkitError(
                f"RE2 has no {names} flag (its classes are ASCII anyway).", field="flags"
            )
        message["re2_path"] = _re2_path()
    return json.dumps(message).encode()


def _re2_path() -> str:
    spec = importlib.util.find_spec("re2")
    if spec is None or spec.origin is None:
        raise ToolkitError(
            "the package google-re2 is not installed here; use the engine re.", field="engine"
        )
    return str(Path(spec.origin).parent.parent)


class _Conversation:
    def __init__(self, ctx: Context, child: subprocess.Popen[bytes], limit: float) -> None:
        self.ctx, self.child, self.limit = ctx, child, limit
        self.buffer, self.reached = b"", 0
        self.started = time.monotonic()
        self.deadline = self.started + _START_SECONDS

    def hold(self, message: bytes) -> Outcome:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        # The child reads all of it before it answers, so this cannot block for long; a child
        # that ended before is seen below.
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.write(message)
            self.child.stdin.close()
        with selectors.DefaultSelector() as selector:
            selector.register(self.child.stdout, selectors.EVENT_READ)
            while (left := self.deadline - time.monotonic()) > 0:
                self.ctx.checkpoint()
                if selector.select(min(_TICK, left)):
                    outcome = self._read()
                    if outcome is not None:
                        return outcome
        return self._outcome(stopped=True)

    def _read(self) -> Outcome | None:
        assert self.child.stdout is not None
        data = os.read(self.child.stdout.fileno(), 1 << 20)
        if not data:
            return self._outcome(
                error="the engine ended without an answer; it may need more memory"
            )
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            said = json.loads(line)
            if "ready" in said:
                self.started = time.monotonic()
                self.deadline = self.started + self.limit
            elif "at" in said:
                self.reached = said["at"]
            elif "error" in said:
                place = {"position": said.get("position"), "blamed": said.get("blamed", "pattern")}
                return self._outcome(error=said["error"], **place)
            else:
                return self._outcome(result=said["result"])
        if self.buffer:
            # An answer is under way: what takes time now is the pipe, not the pattern.
            self.deadline = max(self.deadline, time.monotonic() + 1)
        return None

    def _outcome(self, **fields: Any) -> Outcome:
        spent = time.monotonic() - self.started
        return Outcome(reached=self.reached, seconds=round(spent, 3), **fields)
