"""A job that logs a million lines of a hundred characters, and the page of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import psutil

from tests.bench import web
from tests.bench.report import Report, Series
from tests.bench.stage import Stage
from tests.support import until

if TYPE_CHECKING:  # Django is set up when the stage is.
    from toolkits.jobs.logs import LogLine
    from toolkits.models import Job

_ROUNDS, _OPENED = 3, 60


def throughput(stage: Stage, report: Report, count: int) -> None:
    """From the start of a job to its end, some times; nothing lost, nothing out of order."""
    from toolkits.jobs.waiting import wait_finished

    worker = stage.platform.worker("default")
    short = _logged(stage, 100)
    process = psutil.Process(worker.pid)
    before = peak = process.memory_info().rss
    rate = Series("log lines ingested", "lines/s")
    for _ in range(_ROUNDS):
        job = _submit(stage, count)
        while not wait_finished(job.pk, 1):
            peak = max(peak, process.memory_info().rss)
        job = _ended(job, count)
        assert job.duration is not None
        rate.values.append(count / job.duration.total_seconds())
    worker.stop()
    memory = Series("growth of the worker while it logs", "MiB", [(peak - before) / (1 << 20)])
    report.add(rate, memory)
    report.goal("log lines ingested", rate.median, 50_000, at_most=False, unit="lines/s")
    report.goal("growth of the worker while it logs", memory.median, 64, at_most=True, unit="MiB")
    _page(stage, report, short, job)


def _submit(stage: Stage, count: int) -> Job:
    from toolkits.jobs.dispatch import submit

    return submit(
        toolkit=stage.toolkit, operation="lines", inputs={"count": count}, user=stage.user
    )


def _logged(stage: Stage, count: int) -> Job:
    from toolkits.jobs.waiting import wait_finished

    job = _submit(stage, count)
    until(lambda: wait_finished(job.pk, 5), 60, "the lines are there")
    return _ended(job, count)


def _ended(job: Job, count: int) -> Job:
    job.refresh_from_db()
    assert job.state == "succeeded", job.reason
    assert job.log_lines == count, f"{count - job.log_lines} lines are lost"
    numbers = [int(line.text[-10:]) for line in _lines(job)]
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers)), "out of order"
    return job


def _page(stage: Stage, report: Report, short: Job, long: Job) -> None:
    """The page of a job that logged little against that of one that logged much."""
    process, url = stage.platform.web(**web.ENV)
    session = web.browser(url, stage.user.username)
    found = []
    for job in (short, long):
        ask = partial(session.get, f"{url}/jobs/{job.pk}/", timeout=30)
        web.timed(5, ask)
        found.append((Series(f"page of a job with {job.log_lines:,} lines", "ms"), ask))
    for _ in range(_OPENED):
        for series, ask in found:
            series.values += web.timed(1, ask)
    process.stop()
    few, many = (series for series, _ in found)
    report.add(few, many)
    ratio = many.median / few.median
    report.goal(f"page of a job, {long.log_lines:,} / {short.log_lines:,} lines", ratio, 1.5,
                at_most=True, unit="x")  # fmt: skip


def _lines(job: Job) -> Iterator[LogLine]:
    from toolkits.jobs import logs

    after = 0
    while not (page := logs.read(job, after, 5000)).done or page.lines:
        yield from page.lines
        after = page.next_after
