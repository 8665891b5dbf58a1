"""The child processes: started with their output kept, stopped in reverse order."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None

Say = Callable[[str, str], None]


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process. Its output goes to a log file, and what a person wants to know to ``say``."""

    def __init__(
        self, name: str, command: list[str], env: dict[str, str], folder: Path, log: Path, say: Say
    ) -> None:
        self.name, self.log, self._say = name, log, say
        self.process = subprocess.Popen(
            command,
            env=env,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  (no other thread holds a lock here)
        )
        assert self.process.stdout is not None
        self._reader = threading.Thread(
            target=self._copy, args=(self.process.stdout,), name=f"log-{name}", daemon=True
        )
        self._reader.start()

    def _copy(self, stream: IO[bytes]) -> None:
        with self.log.open("ab") as kept:
            for line in stream:
                kept.write(line)
                kept.flush()
                if text := worth_saying(line):
                    self._say(self.name, text)

    def stop(self, seconds: float) -> None:
        """Ask the process to end and kill its group when it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._reader.join(timeout=2)

    def last_lines(self, count: int = 12) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
        except OSError:
            return ""


def worth_saying(line: bytes) -> str:
    """Return the short line for a person that a line of a child's log deserves, if any."""
    try:
        entry: Any = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(entry, dict) or "message" not in entry:
        return ""
    logger, level = str(entry.get("logger", "")), str(entry.get("level", ""))
    message = str(entry["message"]).replace("\n", " ")[:200]
    if logger == "toolbox.access":
        quiet = entry.get("method") in ("GET", "HEAD") and int(entry.get("status", 0)) < 500
        return "" if quiet else message
    if level in ("WARNING", "ERROR", "CRITICAL") or logger.startswith("toolkits."):
        job = f" [job {entry['job_id']}]" if "job_id" in entry else ""
        return f"{message}{job}"
    return ""


def until(ready: Callable[[], bool], child: Child | None, seconds: float) -> bool:
    """Poll ``ready`` until it holds, the child has ended, or time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if child is not None and child.process.poll() is not None:
            return False
        time.sleep(0.05)
    return False
