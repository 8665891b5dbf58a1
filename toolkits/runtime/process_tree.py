"""Finding and ending everything that a runner started, even what left its process group."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> bool:
    """Make orphans below this process its children, so that none is out of its sight."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def _parents() -> dict[int, int]:
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                stat = (entry / "stat").read_text()
                found[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return found


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below ``pid``."""
    parents = _parents()
    found: list[int] = []
    layer = {pid}
    while layer := {child for child, parent in parents.items() if parent in layer}:
        found.extend(layer)
    return found


def end_tree(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Signal the process group of ``pid`` and every process below it."""
    below = descendants(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
    for child in below:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(child, number)


def end_strays(warden: int, workdir: Path, uid: int | None) -> None:
    """Kill the orphans of a warden that was itself killed, once they are children of this
    process: what is of its session, has its folder in the environment, or is of its user."""
    own = os.getpid()
    mark = b"HOME=" + os.fsencode(workdir)
    for pid, parent in _parents().items():
        if parent == own and pid != warden and _is_orphan(pid, warden, mark, uid):
            end_tree(pid)
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _is_orphan(pid: int, warden: int, mark: bytes, uid: int | None) -> bool:
    place = Path(f"/proc/{pid}")
    with contextlib.suppress(OSError):
        if os.getsid(pid) == warden:
            return True
        # A runner's own user has no other process that is a child of a worker.
        if uid is not None and uid != os.getuid() and place.stat().st_uid == uid:
            return True
        return mark in (place / "environ").read_bytes().split(b"\0")
    return False


def cpu_seconds(pid: int) -> float:
    """Processor time that ``pid`` itself has used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
