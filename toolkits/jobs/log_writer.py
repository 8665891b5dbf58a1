"""Collects the log lines of a running job between two writes: capped and redacted."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from toolkits.jobs.lease import Pulse
from toolkits.jobs.redaction import Redactor

_LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
_LONGEST_LINE = 16_384
_LONGEST_SOURCE = 100
#: The runner cuts a message that is longer.
_LONGEST_TEXT = 65_536
_OVERHEAD = 24
_LATEST = 1e11
# PostgreSQL cannot store NUL in text, and lone surrogates cannot be encoded at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Line = list[Any]


def storable(text: str) -> str:
    """Return ``text`` with what no database takes replaced by a visible mark."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_value(value: Any) -> Any:
    """Return a JSON value in which every text can be stored."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [storable_value(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable_value(item) for key, item in value.items()}
    return value


class LogWriter:
    """Buffers lines; ``take`` hands over what came since the last time."""

    def __init__(self, redactor: Redactor, already: int = 0) -> None:
        self._redactor = redactor
        self._bytes = already
        self._limit = settings.TOOLKIT_JOB_LOG_MAX_BYTES
        self._pulse = Pulse()
        self._held: dict[str, str] = {}
        self.truncated = already >= self._limit

    @property
    def pending(self) -> int:
        """How many lines wait to be written."""
        return len(self._pulse.lines)

    def add_batch(self, lines: list[Line]) -> None:
        """Add log records as the runner sent them: ``[epoch, level, source, text]``.

        Most batches need no change at all, and are told from the others at a cost that does not
        grow with the number of checks; raises ``TypeError`` or ``ValueError`` for what is not
        the protocol.
        """
        if self.truncated or not lines:
            return
        texts = [text for _, _, _, text in lines]
        whole = "\n".join(texts)
        size = _size(whole, len(lines))
        if (
            size is None
            or self._bytes + size > self._limit
            or not _plain(lines, texts, whole)
            or self._redactor.finds(whole)
        ):
            for moment, level, source, text in lines:
                self.add(float(moment), str(level), str(source), text)
            return
        self._bytes += size
        self._pulse.log_bytes += size
        self._pulse.lines.extend(lines)

    def add(self, moment: float, level: str, source: str, text: str) -> None:
        """Add a message; each of its lines becomes a line of the log."""
        level = level if level in _LEVELS else "INFO"
        moment = round(moment, 3) if 0 < moment < _LATEST else time.time()
        redact = self._redactor.cut_text if len(text) >= _LONGEST_TEXT else self._redactor.text
        source = storable(self._redactor.text(source))[:_LONGEST_SOURCE]
        for part in _parts(storable(redact(text))):
            self._add_line(moment, level, source, part)

    def add_output(self, stream: str, lines: list[str], beginning: str) -> None:
        """Add what toolkit code printed: whole lines, and the beginning of one that goes on.

        The end of a beginning waits for what follows, so that no secret is cut in two and
        passes in halves.
        """
        level = "WARNING" if stream == "stderr" else "INFO"
        moment = round(time.time(), 3)
        held = self._held.pop(stream, "")
        if lines:
            lines[0] = held + lines[0]
            held = ""
        self.add_batch([[moment, level, stream, line] for line in lines])
        if beginning:
            shown, held = self._redactor.split(held + beginning)
            if shown:
                self.add_batch([[moment, level, stream, shown]])
        if held:
            self._held[stream] = held

    def close(self) -> None:
        """Add what was held back: nothing follows any more."""
        for stream in list(self._held):
            self.add_output(stream, [""], "")

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
        self._pulse.lines.append([moment, level, source, text])

    def note(self, level: str, text: str) -> None:
        """Add a line of the platform's own."""
        self.add(time.time(), level, "toolbox", text)

    def take(self, progress: Any = None) -> Pulse:
        """Return what is to be written, and begin afresh."""
        pulse, self._pulse = self._pulse, Pulse()
        pulse.progress = progress
        return pulse

    def put_back(self, pulse: Pulse) -> None:
        """Take back what could not be written, to be written with the next."""
        later, self._pulse = self._pulse, pulse
        pulse.lines.extend(later.lines)
        pulse.log_bytes += later.log_bytes
        pulse.truncated = pulse.truncated or later.truncated
        pulse.progress = later.progress or pulse.progress


def _size(whole: str, count: int) -> int | None:
    """Bytes that lines take up; None where they cannot be stored as they are."""
    try:
        return None if "\0" in whole else len(whole.encode()) + _OVERHEAD * count
    except UnicodeEncodeError:
        return None


def _plain(lines: list[Line], texts: list[str], whole: str) -> bool:
    """Whether each message is one line of an allowed length with a known level and source."""
    if max(map(len, texts)) > _LONGEST_LINE or len(whole.splitlines()) != len(lines):
        return False
    if not all(type(moment) is float and 0 < moment < _LATEST for moment, _, _, _ in lines):
        return False
    kinds = {(level, source) for _, level, source, _ in lines}
    return all(level in _LEVELS and _plain_source(source) for level, source in kinds)


def _plain_source(source: str) -> bool:
    return len(source) <= _LONGEST_SOURCE and source.isascii() and "\0" not in source


def _parts(text: str) -> Iterator[str]:
    for line in text.splitlines() or [""]:
        yield from (
            line[start : start + _LONGEST_LINE] for start in range(0, len(line) or 1, _LONGEST_LINE)
        )
