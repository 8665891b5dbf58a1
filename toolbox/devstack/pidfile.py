"""One stack for each folder: the pid file names the process and when it started."""

from __future__ import annotations

import os
from pathlib import Path

from toolbox.devstack.layout import DevstackError
from toolbox.private_files import write_private


def _started(pid: int) -> str:
    """The start time of a process in clock ticks since boot; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def take(path: Path) -> None:
    """Claim the folder. A file left by a stack that is gone is replaced."""
    try:
        pid, _, started = path.read_text().partition(" ")
    except (OSError, UnicodeDecodeError):
        pid = started = ""
    if pid.isdigit() and started and _started(int(pid)) == started.strip():
        raise DevstackError(
            f"A stack runs already in {path.parent} (process {pid}). Stop it with Ctrl-C, or "
            "set TOOLBOX_VAR_DIR to another folder for a second one."
        )
    write_private(path, f"{os.getpid()} {_started(os.getpid())}\n")


def release(path: Path) -> None:
    """Give the folder up."""
    path.unlink(missing_ok=True)
