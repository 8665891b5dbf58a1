"""The log of a job: written in chunks, read by a cursor that counts lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from toolkits.models import Job, JobLog

CHUNK_LINES = 500
Line = tuple[float, str, str, str]


@dataclass(frozen=True)
class LogLine:
    """One line. ``number`` counts from 1 over all attempts; ``time`` is epoch seconds."""

    number: int
    time: float
    level: str
    source: str
    text: str


@dataclass(frozen=True)
class LogPage:
    """Lines after a cursor. ``next_after`` is the cursor for what follows; ``done`` says that
    nothing will."""

    lines: list[LogLine]
    next_after: int
    done: bool


def read(job: Job, after: int = 0, limit: int = 1000) -> LogPage:
    """Return at most ``limit`` lines that follow the first ``after`` ones."""
    # The state is read before the lines: lines written in between are then not missed.
    finished, total = (
        Job.objects.filter(pk=job.pk).values_list("finished_at", "log_lines").get()
    )
    chunks = JobLog.objects.filter(job_id=job.pk, first_line__gt=after - CHUNK_LINES)
    lines: list[LogLine] = []
    stored_chunks = chunks.order_by("first_line").values_list("first_line", "lines")
    for first, stored in stored_chunks.iterator(chunk_size=20):
        for offset, line in enumerate(stored):
            if first + offset > after:
                lines.append(LogLine(first + offset, *line))
        if len(lines) >= limit:
            break
    lines = lines[:limit]
    next_after = lines[-1].number if lines else after
    return LogPage(lines, next_after, finished is not None and next_after >= total)


def append(job_id: UUID, attempt: int, first_line: int, lines: list[list[Any]]) -> None:
    """Write ``lines`` as chunks, the first of them numbered ``first_line``."""
    JobLog.objects.bulk_create(
        JobLog(
            job_id=job_id,
            attempt=attempt,
            first_line=first_line + start,
            line_count=len(lines[start : start + CHUNK_LINES]),
            lines=lines[start : start + CHUNK_LINES],
        )
        for start in range(0, len(lines), CHUNK_LINES)
    )
