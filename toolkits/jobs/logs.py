"""The log of a job: written in chunks, read by a cursor that counts lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from toolkits.models import Job, JobAttempt, JobLog
from toolkits.models.job_log import pack, unpack

CHUNK_LINES = 1000
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_BITS = {level: 1 << position for position, level in enumerate(LEVELS)}
#: A filtered read looks at so many chunks at most, then lets the caller go on from there.
_MOST_CHUNKS = 200


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
    nothing will. A page of a filtered log may be empty though more follows."""

    lines: list[LogLine]
    next_after: int
    done: bool


def read(
    job: Job,
    after: int = 0,
    limit: int = 1000,
    *,
    levels: Collection[str] = (),
    search: str = "",
    attempt: int | None = None,
    is_fresh: bool = False,
) -> LogPage:
    """Return at most ``limit`` lines that follow the first ``after`` ones.

    ``levels`` keeps lines of these levels, ``search`` those that hold a text, whatever its case,
    ``attempt`` those of one attempt. ``is_fresh`` says that ``job`` was read a moment ago.
    """
    # The state is read before the lines: lines written in between are then not missed.
    finished, total = job.finished_at, job.log_lines
    if not is_fresh:
        rows = Job.objects.filter(pk=job.pk)
        finished, total = rows.values_list("finished_at", "log_lines").get()
    after, last = _bounds(job, after, total, attempt)
    if after >= last:
        return LogPage([], after, finished is not None)
    wanted, needle = frozenset(levels), search.casefold()
    lines: list[LogLine] = []
    scanned = after
    for first, chunk in _chunks(job, after, last, wanted):
        for number, line in enumerate(chunk, first):
            if number <= after or number > last or len(lines) >= limit:
                continue
            scanned = number
            if _fits(line, wanted, needle):
                lines.append(LogLine(number, *line))
        if len(lines) >= limit:
            break
    else:
        scanned = last if _all_scanned(job, wanted, scanned, last) else scanned
    return LogPage(lines, scanned, finished is not None and scanned >= last)


def _bounds(job: Job, after: int, total: int, attempt: int | None) -> tuple[int, int]:
    """The cursor and the last line, narrowed to one attempt."""
    after = max(0, after)
    if attempt is None:
        return after, max(total, after)
    firsts = dict(JobAttempt.objects.filter(job=job).values_list("number", "first_line"))
    first = firsts.get(attempt, total + 1)
    following = firsts.get(attempt + 1, total + 1)
    return max(after, first - 1), following - 1


def _chunks(
    job: Job, after: int, last: int, levels: frozenset[str]
) -> Iterator[tuple[int, list[list[Any]]]]:
    chunks = JobLog.objects.filter(
        job_id=job.pk, first_line__gt=after - CHUNK_LINES, first_line__lte=last
    )
    if levels:
        mask = sum(_BITS.get(level, 0) for level in levels)
        chunks = chunks.annotate(shared=F("levels").bitand(mask)).filter(shared__gt=0)
    found = chunks.order_by("first_line").values_list("first_line", "packed")[:_MOST_CHUNKS]
    for first, packed in found.iterator(chunk_size=4):
        yield first, unpack(packed)


def _all_scanned(job: Job, levels: frozenset[str], scanned: int, last: int) -> bool:
    """Whether nothing is left after the chunks that were looked at."""
    return scanned >= last or next(iter(_chunks(job, scanned, last, levels)), None) is None


def _fits(line: list[Any], levels: frozenset[str], needle: str) -> bool:
    return (not levels or line[1] in levels) and (not needle or needle in line[3].casefold())


def tail(job: Job, count: int = 500) -> LogPage:
    """Return the last ``count`` lines as they are now, however long the log is."""
    total = Job.objects.values_list("log_lines", flat=True).get(pk=job.pk)
    return read(job, max(0, total - count), count)


def text(job: Job) -> Iterator[str]:
    """The whole log as lines of text, a chunk at a time, for a download."""
    after = 0
    total = Job.objects.values_list("log_lines", flat=True).get(pk=job.pk)
    while after < total:
        page = read(job, after, CHUNK_LINES)
        if not page.lines:
            return
        yield "".join(map(_text_line, page.lines))
        after = page.next_after


def _text_line(line: LogLine) -> str:
    moment = datetime.fromtimestamp(line.time, UTC).isoformat(timespec="milliseconds")
    return f"{moment} {line.level:<8} {line.source}: {line.text}\n"


def append(job_id: UUID, attempt: int, first_line: int, lines: list[list[Any]]) -> None:
    """Write ``lines`` as chunks, the first of them numbered ``first_line``."""
    JobLog.objects.bulk_create(
        _chunk(job_id, attempt, first_line + start, lines[start : start + CHUNK_LINES])
        for start in range(0, len(lines), CHUNK_LINES)
    )


def _chunk(job_id: UUID, attempt: int, first_line: int, lines: list[list[Any]]) -> JobLog:
    return JobLog(
        job_id=job_id,
        attempt=attempt,
        first_line=first_line,
        line_count=len(lines),
        levels=sum(_BITS.get(level, 0) for level in {line[1] for line in lines}),
        packed=pack(lines),
    )
