"""Collects the log lines of a running job between two writes: capped and redacted."""

from __future__ import annotations

import re
import time
from typing import Any

from django.conf import settings

from toolkits.jobs.lease import Pulse
from toolkits.jobs.redaction import Redactor

_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
_LONGEST_LINE = 16_384
_OVERHEAD = 24
# PostgreSQL cannot store NUL in JSON, and lone surrogates cannot be encoded at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return ``text`` with what no database takes replaced by a visible mark."""
    return _UNSTORABLE.sub("\ufffd", text)


class LogWriter:
    """Buffers lines; ``take`` hands over what came since the last time."""

    def __init__(self, redactor: Redactor, already: int = 0) -> None:
        self._redactor = redactor
        self._bytes = already
        self._limit = settings.TOOLKIT_JOB_LOG_MAX_BYTES
        self._pulse = Pulse()
        self.truncated = already >= self._limit

    @property
    def pending(self) -> int:
        """How many lines wait to be written."""
        return len(self._pulse.lines)

    def add(self, moment: float, level: str, source: str, text: str) -> None:
        """Add a message; each of its lines becomes a line of the log."""
        level = level if level in _LEVELS else "INFO"
        for part in self._redactor.text(text).splitlines() or [""]:
            self._add_line(moment, level, storable(source)[:100], storable(part)[:_LONGEST_LINE])

    def _add_line(self, moment: float, level: str, source: str, text: str) -> None:
        if self.truncated:
            return
        size = len(text.encode()) + _OVERHEAD
        if self._bytes + size > self._limit:
            self.truncated = self._pulse.truncated = True
            level, source = "WARNING", "toolbox"
            text = f"The log reached its limit of {self._limit:,} bytes; what follows is not kept."
        self._bytes += size
        self._pulse.log_bytes += size
        self._pulse.lines.append([round(moment, 3), level, source, text])

    def note(self, level: str, text: str) -> None:
        """Add a line of the platform's own."""
        self.add(time.time(), level, "toolbox", text)

    def take(self, progress: Any = None) -> Pulse:
        """Return what is to be written, and begin afresh."""
        pulse, self._pulse = self._pulse, Pulse()
        pulse.progress = progress
        return pulse
