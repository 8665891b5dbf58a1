"""Toolkit code that floods, loops, forks and hogs: the job ends truly, the worker lives on."""

from __future__ import annotations

import os
import time

import psutil
import pytest

from tests.faults.conftest import ended, texts
from tests.support import environment, until
from toolbox.devstack import isolation
from toolkits.jobs.cancel import request_cancel
from toolkits.jobs.states import JobState
from toolkits.models import Job

BAD = """
import errno, resource, signal

@toolkit.operation(timeout=120)
def flood(ctx: Context, lines: int) -> int:
    text = "x" * 90
    for number in range(lines):
        if number % 2:
            ctx.log.info("%09d %s", number, text)
        else:
            print(f"{number:09d} {text}")
    return lines

@toolkit.operation(timeout=120, cancel_grace=0.5)
def flood_for_ever(ctx: Context) -> None:
    print("begun")
    while True:
        try:
            print("y" * 1000)
        except BaseException:
            pass

@toolkit.operation(timeout=120, cancel_grace=0.5)
def loop_for_ever(ctx: Context) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctx.log.info("begun")
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass

@toolkit.operation(timeout=120)
def hog(ctx: Context) -> int:
    held = []
    while True:
        held.append(b"z" * (16 << 20))

@toolkit.operation(timeout=120)
def hog_in_small_pieces(ctx: Context) -> int:
    held = []
    while True:
        held.append([0] * 1000)

@toolkit.operation(timeout=3, cancel_grace=0.5)
def bomb(ctx: Context, most: int) -> str:
    # It goes off only where the limit is proven to hold.
    if resource.getrlimit(resource.RLIMIT_NPROC) != (most, most) or os.getuid() == 0:
        return "the limit is not set"
    children = []
    try:
        for _ in range(most + 16):
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            children.append(pid)
    except OSError as error:
        held = error.errno == errno.EAGAIN
    else:
        held = False
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if not held:
        return "the limit does not hold"
    ctx.log.info("begun")
    while True:
        try:
            if os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
        except OSError:
            time.sleep(0.05)

@toolkit.operation()
def fine(ctx: Context) -> str:
    return "fine"
"""

LIMITS = {"TOOLKIT_JOB_LOG_MAX_BYTES": "2000000", "TOOLKIT_RUNNER_MEMORY_BYTES": str(256 << 20)}
_PROCESSES = 48


@pytest.fixture
def bad(install):
    return install(BAD, slug="bad")


def test_floods_loops_and_hogs_end_truly_and_the_worker_lives_on(platform, bad, ask, user):
    worker = platform.worker(**LIMITS)

    _flooded_to_its_cap(worker, ask(bad, "flood", lines=60_000))
    for operation in ("flood_for_ever", "loop_for_ever"):
        _cancelled_within_its_ladder(ask(bad, operation), user)
    for operation in ("hog", "hog_in_small_pieces"):
        job = ended(ask(bad, operation))
        assert job.state == JobState.FAILED
        assert "memory" in job.reason.lower(), job.reason

    assert ended(ask(bad, "fine")).state == JobState.SUCCEEDED
    assert worker.status is None


def _flooded_to_its_cap(worker, job: Job) -> None:
    until(lambda: Job.objects.get(pk=job.pk).log_lines, 60, "its first lines")
    before = psutil.Process(worker.pid).memory_info().rss
    job = ended(job)
    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"] == 60_000
    assert job.log_truncated
    assert job.log_bytes < 2_100_000
    found = texts(job)
    assert len(found) == job.log_lines
    assert "reached its limit" in found[-1]
    # Each of the two ways keeps its order, and loses nothing before the cap.
    numbers = [int(text[:9]) for text in found[:-1]]
    for parity in (0, 1):
        own = [number for number in numbers if number % 2 == parity]
        assert own == list(range(parity, parity + 2 * len(own), 2))
    assert psutil.Process(worker.pid).memory_info().rss - before < 64 << 20


def _cancelled_within_its_ladder(job: Job, user) -> None:
    until(lambda: "begun" in texts(job), 60, "it has begun")
    request_cancel(job, user)
    job = ended(job)
    assert job.state == JobState.CANCELLED
    attempt = job.attempts.get()
    assert attempt.asked_at < attempt.terminated_at <= attempt.dead_at
    if job.operation == "loop_for_ever":
        assert attempt.terminated_at < attempt.killed_at <= attempt.dead_at


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run toolkits as another user")
def test_a_fork_bomb_is_held_by_its_limit_and_ended_whole(platform, bad, ask):
    values, told = isolation.choose(environment.FOLDER / "toolkits")
    if not values:
        pytest.skip(told)
    worker = platform.worker(**values, TOOLKIT_RUNNER_PROCESSES=str(_PROCESSES))

    job = ended(ask(bad, "bomb", most=_PROCESSES))

    assert job.state == JobState.TIMED_OUT, job.result or job.reason
    assert "begun" in texts(job)
    assert job.attempts.get().dead_at is not None
    assert _below(worker.pid) == []
    assert ended(ask(bad, "fine")).state == JobState.SUCCEEDED
    assert worker.status is None


def _below(pid: int) -> list[psutil.Process]:
    """What still runs below a worker, zombies apart."""
    deadline = time.monotonic() + 10
    while True:
        found = [
            process
            for process in psutil.Process(pid).children(recursive=True)
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)
