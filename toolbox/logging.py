"""Log formatting: JSON lines for machines, short plain lines for a terminal."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from toolbox import context

# Line ends, terminal codes, and what turns the direction of writing.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class JsonFormatter(logging.Formatter):
    """One JSON object a line, with the request, job, toolkit and user that it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        work = context.current()
        for name in ("request_id", "job_id", "toolkit", "user"):
            if value := getattr(work, name):
                entry[name] = value
        if work.trace:
            entry["trace_id"] = work.trace.split("-")[1]
        entry.update(getattr(record, "fields", {}))
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


class PlainFormatter(logging.Formatter):
    """A short line for a person; control characters in messages are made visible."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", record.getMessage())
        line = f"{moment} {record.levelname:<7} {record.name}: {text}"
        if job := context.current().job_id:
            line += f" [job {job}]"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class StreamFormatter(logging.Formatter):
    """Plain when standard error is a terminal, JSON otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._inner = PlainFormatter() if sys.stderr.isatty() else JsonFormatter()

    def format(self, record: logging.LogRecord) -> str:
        return self._inner.format(record)
