"""Toolkits and helpers for tests that break things under running jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support import until
from tests.support.witness import Witness, watching
from toolkits.jobs import logs
from toolkits.jobs.dispatch import submit
from toolkits.models import Job, Toolkit

#: So short that a lost job is found within the patience of a test.
SHORT_LEASE = {"TOOLKIT_JOB_LEASE_SECONDS": "4"}

WITNESSED = """
import socket
from toolkit_sdk import Backoff

def visit(ctx: Context, port: int, seconds: float) -> int:
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"{ctx.job.id} {ctx.job.attempt}\\n".encode())
        for part in range(max(1, int(seconds / 0.05))):
            ctx.log.info("attempt %d, part %d", ctx.job.attempt, part)
            ctx.sleep(0.05)
        line.sendall(b"done\\n")
    return ctx.job.attempt

@toolkit.operation(
    timeout=120, idempotent=True, retries=60, backoff=Backoff(initial=0.05, maximum=0.2)
)
def again(ctx: Context, port: int, seconds: float) -> int:
    return visit(ctx, port, seconds)

@toolkit.operation(timeout=120)
def once(ctx: Context, port: int, seconds: float) -> int:
    return visit(ctx, port, seconds)
"""


@pytest.fixture
def witness() -> Iterator[Witness]:
    with watching() as found:
        yield found


@pytest.fixture
def witnessed(install: Callable[..., Toolkit]) -> Toolkit:
    """A toolkit whose attempts the witness sees."""
    return install(WITNESSED, slug="witnessed")


@pytest.fixture
def ask(user: Any) -> Callable[..., Job]:
    """Request a run: ``ask(toolkit, operation, **inputs)``."""

    def run(toolkit: Toolkit, operation: str, **inputs: Any) -> Job:
        return submit(toolkit=toolkit, operation=operation, inputs=inputs, user=user)

    return run


def ended(job: Job, seconds: float = 60) -> Job:
    """Wait for the end of a job and return it as it then is."""
    until(lambda: Job.objects.get(pk=job.pk).is_finished, seconds, f"the end of {job}")
    return Job.objects.get(pk=job.pk)


def texts(job: Job) -> list[str]:
    """The lines of its log."""
    found: list[str] = []
    after = 0
    while True:
        page = logs.read(job, after)
        found += [line.text for line in page.lines]
        if not page.lines:
            return found
        after = page.next_after
