"""Strikes at workers and runners at random moments; the same seed strikes in the same order."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress

import psutil

from tests.support.processes import Platform, Process

_RUNNER = "toolkit_sdk/runner/__main__.py"
_QUEUES = ("interactive", "high", "default", "low")


class Chaos:
    """Keeps two workers alive, and strikes at them and at what they run."""

    def __init__(self, platform: Platform, seed: int, longest_stop: float) -> None:
        self._platform, self._random = platform, random.Random(seed)
        self._longest_stop = longest_stop
        self._workers = [self._start() for _ in range(2)]
        self._stopped: dict[int, float] = {}
        self.strikes: list[str] = []

    def _start(self) -> Process:
        return self._platform.start("worker", "manage.py", "rqworker", *_QUEUES)

    def pause(self) -> float:
        """How long until the next strike."""
        return self._random.uniform(0.1, 0.9)

    def strike(self) -> None:
        """Kill or stop one process that has to do with a job."""
        number = self._random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP])
        kind = self._random.choice(["worker", "runner", "runner", "warden"])
        seconds = self._random.uniform(0.2, self._longest_stop)
        pid = self._pid(kind)
        if pid is None:
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            self.strikes.append(f"{number.name} {kind} {pid}")
            if number == signal.SIGSTOP:
                self._stopped[pid] = time.monotonic() + seconds

    def _pid(self, kind: str) -> int | None:
        """None where nothing runs just now: a worker that has not begun is not worth a strike."""
        busy = [
            (worker, warden) for worker in self._workers for warden in _runners_below(worker.pid)
        ]
        if not busy:
            return None
        worker, warden = self._random.choice(busy)
        if kind == "worker":
            return worker.pid
        code = _runners_below(warden)
        return warden if kind == "warden" or not code else code[0]

    def tend(self) -> None:
        """Let go on what was stopped for long enough, and replace workers that are dead."""
        for pid, until in list(self._stopped.items()):
            if time.monotonic() >= until:
                self._continue(pid)
        self._workers = [
            worker if worker.status is None else self._start() for worker in self._workers
        ]

    def calm(self) -> None:
        """Let everything go on."""
        for pid in list(self._stopped):
            self._continue(pid)

    def _continue(self, pid: int) -> None:
        del self._stopped[pid]
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _runners_below(pid: int) -> list[int]:
    """The wardens of a worker, or the process of toolkit code of a warden."""
    with suppress(psutil.Error):
        return sorted(
            child.pid
            for child in psutil.Process(pid).children()
            if any(part.endswith(_RUNNER) for part in child.cmdline())
        )
    return []
