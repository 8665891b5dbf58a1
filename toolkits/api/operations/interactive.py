"""Operations whose caller waits for the result."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from rest_framework.request import Request

from toolbox.api.slots import Busy, Slots
from toolkits.jobs.cancel import withdraw
from toolkits.jobs.states import JobState
from toolkits.jobs.waiting import wait_finished
from toolkits.models import Job

waiting = Slots("waiting callers")

# A free worker claims a job within milliseconds; a caller is not kept waiting for a busy one.
_CLAIM_SECONDS = 3.0


def run(start: Callable[[], tuple[Job, bool]], request: Request) -> tuple[Job, bool]:
    """Start a job and wait for its end, as long as a caller may be kept.

    Raises ``Busy`` where nobody takes it up, after which it will not run. One that takes
    longer than the wait is returned as it runs.
    """
    with waiting.take(settings.API_WAITING_MAX):
        job, fresh = start()
        began = time.monotonic()
        if not wait_finished(job.pk, _CLAIM_SECONDS):
            job.refresh_from_db()
            if job.state == JobState.QUEUED and withdraw(job, request.user, _REASON):
                raise Busy("No interactive worker is free. Try again shortly.")
            left = settings.TOOLKIT_INTERACTIVE_WAIT_SECONDS - (time.monotonic() - began)
            wait_finished(job.pk, max(0.0, left))
        job.refresh_from_db()
        return job, fresh


_REASON = "No interactive worker was free, so it was taken back before it started."
