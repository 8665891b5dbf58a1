"""A no-op through the whole engine against a no-op through RQ's own default, forking worker."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

from tests.bench.report import Report, Series
from tests.bench.stage import Stage
from tests.support import until
from tests.support.processes import BASE

ROUNDS = 5


def _rq_worker(name: str, connection: Any) -> subprocess.Popen[bytes]:
    from django.conf import settings

    command = [sys.executable, "-m", "rq.cli", "worker", "--quiet", "-u", settings.REDIS_URL]
    return subprocess.Popen(
        [*command, "--name", name, "plain"], cwd=BASE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=20)


def _plain_queue() -> Any:
    from rq import Queue

    from toolkits.jobs.redis import client

    return Queue("plain", connection=client())


def _latency_rq(queue: Any, count: int) -> list[float]:
    from rq.results import Result

    times = []
    for _ in range(count):
        began = time.perf_counter()
        job = queue.enqueue("tests.bench.tasks.noop")
        assert Result.fetch_latest(job, timeout=10) is not None
        times.append((time.perf_counter() - began) * 1000)
    return times


def _latency_engine(stage: Stage, count: int) -> list[float]:
    from toolkits.jobs.dispatch import submit
    from toolkits.jobs.waiting import wait_finished

    times = []
    for _ in range(count):
        began = time.perf_counter()
        job = submit(toolkit=stage.toolkit, operation="noop", inputs={}, user=stage.user)
        assert wait_finished(job.pk, 10)
        times.append((time.perf_counter() - began) * 1000)
    return times


def latency(stage: Stage, report: Report, count: int) -> None:
    """At idle, from the request to the moment at which the caller knows the result."""
    plain, engine = (
        Series("no-op latency, RQ forking worker", "ms"),
        Series("no-op latency, engine", "ms"),
    )
    queue = _plain_queue()
    rq_worker = _rq_worker(f"plain-{time.time_ns()}", queue.connection)
    worker = stage.platform.worker("default")
    _latency_rq(queue, 5)
    _latency_engine(stage, 20)
    ratios = []
    for _ in range(ROUNDS):
        one, other = _latency_rq(queue, count), _latency_engine(stage, count)
        plain.values += one
        engine.values += other
        ratios.append(sorted(other)[count // 2] / sorted(one)[count // 2])
    _end(rq_worker)
    worker.stop()
    ratio = Series("no-op latency, engine / RQ, p50 of each round", "x", ratios)
    report.add(plain, engine, ratio)
    report.goal("no-op latency p50, engine / RQ", ratio.median, 0.7, at_most=True, unit="x")


def _rate(finished: Any, total: int) -> float:
    """Jobs a second between the first and the last that are seen to be finished."""
    first = until(finished, 60, "the first job")
    began = time.perf_counter()
    last = until(lambda: done if (done := finished()) >= total else 0, 300, "the last job")
    return (last - first) / (time.perf_counter() - began)


def _throughput_rq(count: int) -> float:
    queue = _plain_queue()
    queue.empty()
    registry = queue.finished_job_registry
    for job_id in registry.get_job_ids(cleanup=False):
        registry.remove(job_id)
    for _ in range(count):
        queue.enqueue("tests.bench.tasks.noop")
    worker = _rq_worker(f"plain-{time.time_ns()}", queue.connection)
    try:
        return _rate(lambda: queue.connection.zcard(registry.key), count)
    finally:
        _end(worker)


def _throughput_engine(stage: Stage, count: int) -> float:
    from toolkits.jobs.dispatch import submit
    from toolkits.models import Job

    before = Job.objects.filter(finished_at__isnull=False).count()
    for _ in range(count):
        submit(toolkit=stage.toolkit, operation="noop", inputs={}, user=stage.user)
    worker = stage.platform.worker("default")
    finished = Job.objects.filter(finished_at__isnull=False)
    try:
        return _rate(lambda: finished.count() - before, count)
    finally:
        worker.stop()


def throughput(stage: Stage, report: Report, count: int) -> None:
    """One worker process with a queue that is full when it starts."""
    plain = Series("no-op throughput, RQ forking worker", "jobs/s")
    engine = Series("no-op throughput, engine", "jobs/s")
    for _ in range(3):
        plain.values.append(_throughput_rq(count))
        engine.values.append(_throughput_engine(stage, count))
    ratios = [ours / theirs for ours, theirs in zip(engine.values, plain.values, strict=True)]
    ratio = Series("no-op throughput, engine / RQ", "x", ratios)
    report.add(plain, engine, ratio)
    report.goal("no-op throughput, engine / RQ", ratio.median, 2.0, at_most=False, unit="x")
