"""A job that logs a million lines of a hundred characters."""

from __future__ import annotations

import time
from itertools import pairwise

import psutil

from tests.bench.report import Report, Series
from tests.bench.stage import Stage
from tests.support import until


def throughput(stage: Stage, report: Report, count: int) -> None:
    """From the start of the job to its end; nothing lost, nothing out of order."""
    from toolkits.jobs import logs
    from toolkits.jobs.dispatch import submit
    from toolkits.jobs.waiting import wait_finished
    from toolkits.models import Job

    worker = stage.platform.worker("default")
    warm = submit(toolkit=stage.toolkit, operation="lines", inputs={"count": 1000}, user=stage.user)
    until(lambda: wait_finished(warm.pk, 5), 60, "the first lines")
    process = psutil.Process(worker.pid)
    before = peak = process.memory_info().rss
    job = submit(
        toolkit=stage.toolkit, operation="lines", inputs={"count": count}, user=stage.user
    )
    while not wait_finished(job.pk, 1):
        peak = max(peak, process.memory_info().rss)
    worker.stop()
    job = Job.objects.get(pk=job.pk)
    assert job.state == "succeeded", job.reason
    assert job.log_lines == count, f"{count - job.log_lines} lines are lost"
    numbers = [int(line.text[-10:]) for line in _lines(job)]
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers)), "out of order"
    assert job.duration is not None
    rate = Series("log lines ingested", "lines/s", [count / job.duration.total_seconds()])
    memory = Series("growth of the worker while it logs", "MiB", [(peak - before) / (1 << 20)])
    opened = Series("last 500 lines of that log", "ms")
    for _ in range(20):
        began = time.perf_counter()
        assert len(logs.tail(job, 500).lines) == 500
        opened.values.append((time.perf_counter() - began) * 1000)
    report.add(rate, memory, opened)
    report.goal("log lines ingested", rate.median, 50_000, at_most=False, unit="lines/s")
    report.goal("growth of the worker while it logs", memory.median, 64, at_most=True, unit="MiB")


def _lines(job):
    from toolkits.jobs import logs

    after = 0
    while not (page := logs.read(job, after, 5000)).done or page.lines:
        yield from page.lines
        after = page.next_after
