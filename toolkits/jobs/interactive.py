"""Operations whose caller waits for the result."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from toolbox.api.slots import Busy, Slots
from toolkits.jobs import limits
from toolkits.jobs.cancel import withdraw
from toolkits.jobs.states import JobState
from toolkits.jobs.waiting import wait_finished
from toolkits.models import Job

waiting = Slots("waiting callers")

# A free worker claims a job within milliseconds; a caller is not kept waiting for a busy one.
_CLAIM_SECONDS = 3.0


def run(start: Callable[[], tuple[Job, bool]], user: Any) -> tuple[Job, bool]:
    """Start a job of ``user`` and wait for its end, as long as a caller may be kept.

    Raises ``Busy`` where nobody takes it up, after which it will not run. One that takes
    longer than the wait is returned as it runs.
    """
    with waiting.take(settings.API_WAITING_MAX):
        job, fresh = start()
        if job.state in {JobState.AWAITING_APPROVAL, JobState.SCHEDULED}:
            return job, fresh
        began = time.monotonic()
        if not wait_finished(job.pk, _CLAIM_SECONDS):
            job.refresh_from_db()
            if job.state == JobState.QUEUED and withdraw(job, user, _REASON):
                raise Busy(_busy(job))
            left = settings.TOOLKIT_INTERACTIVE_WAIT_SECONDS - (time.monotonic() - began)
            wait_finished(job.pk, max(0.0, left))
        job.refresh_from_db()
        return job, fresh


def _busy(job: Job) -> str:
    if job.waits_for:
        return f"It was not started: {limits.describe(job.waits_for)} is taken. Try again shortly."
    return "No interactive worker is free. Try again shortly."


_REASON = "No interactive worker was free, so it was taken back before it started."
