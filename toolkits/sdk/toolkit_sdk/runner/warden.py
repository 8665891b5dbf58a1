"""The warden: a small parent of the process that runs toolkit code.

It runs no toolkit code and is not slowed by it. It ends that process and everything that it
started when the worker goes away (its end of the leash closes), when the worker's lease on the
job runs out (the leash says until when), and when the process itself ends. Whatever daemonised
is found, because orphans become children of the warden.

Imported by file, before anything heavy: the warden stays small.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
_LONGEST_SLEEP = 3600.0
_FREEZE_ROUNDS = 50
_IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE)


def now() -> float:
    """Seconds on a clock that nobody can set and that does not stop while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def guard(leash: int, pipes: tuple[int, ...]) -> None:
    """Fork: return in the child, which is guarded; never return in the parent, the warden.

    ``pipes`` belong to the child and are closed in the warden.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os.close(leash)
        return
    for descriptor in (*pipes, 1, 2):
        os.close(descriptor)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    status = _watch(child, leash)
    end_children()
    _end_like(status)


def _watch(child: int, leash: int) -> int | None:
    """Wait for the child's end and return its status; None when it must be ended."""
    woken, wake = os.pipe()
    for descriptor in (woken, wake):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    poll.register(leash, select.POLLIN | select.POLLHUP)
    poll.register(woken, select.POLLIN)
    until, pending = float("inf"), b""
    while True:
        status = _reap(child)
        if status is not None:
            return status
        left = until - now()
        if left <= 0:
            return None
        for descriptor, _ in poll.poll(min(left, _LONGEST_SLEEP) * 1000):
            data = os.read(descriptor, 4096)
            if descriptor == woken:
                continue
            if not data:
                return None
            *lines, pending = (pending + data).split(b"\n")
            if lines:
                until = float(lines[-1])


def _reap(child: int) -> int | None:
    """Collect everything that has ended; the child's status if it is among it."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            found = status


def end_children() -> None:
    """Kill every process below this one, and return when all of them are gone.

    They are stopped first: what is stopped forks no more, so a fork bomb cannot outrun this.
    """
    seen: set[int] = set()
    for _ in range(_FREEZE_ROUNDS):
        fresh = [pid for pid in descendants(os.getpid()) if pid not in seen]
        if not fresh:
            break
        seen.update(fresh)
        _signal(fresh, signal.SIGSTOP)
    _signal(seen, signal.SIGKILL)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
        # What was an orphan's child is ours only now.
        _signal(descendants(os.getpid()), signal.SIGKILL)


def _signal(pids: set[int] | list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def descendants(pid: int) -> list[int]:
    """Return the ids of all living processes below ``pid``."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208  (pathlib would be loaded for this alone)
        if entry.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{entry}/stat") as stat:
                    state, parent = stat.read().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    children.setdefault(int(parent), []).append(int(entry))
    found, layer = [], [pid]
    while layer := [child for parent in layer for child in children.get(parent, ())]:
        found.extend(layer)
    return found


def _end_like(status: int | None) -> None:
    """End as the child did, so that whoever waits for this process learns how that was."""
    if status is None:
        os._exit(1)
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(1)


def load_and_guard(arguments: list[str]) -> None:
    """Guard the runner that was started with ``arguments``: read, write and leash descriptor."""
    read, write, leash = map(int, arguments)
    if sys.platform == "linux":
        guard(leash, (read, write))
