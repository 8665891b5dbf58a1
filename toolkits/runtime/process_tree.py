"""Finding and ending everything that a runner started, even what left its process group."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def _parents() -> dict[int, int]:
    found = {}
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
    """Signal the process group of ``pid`` and every process below it.

    A runner is the subreaper of what it started, so that a double fork stays below it; the
    tree is therefore read before the runner itself is gone.
    """
    below = descendants(pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
    for child in below:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(child, number)


def cpu_seconds(pid: int) -> float:
    """Processor time that ``pid`` itself has used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
