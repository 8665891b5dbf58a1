"""The job state machine: its states and the one table of allowed transitions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """Where a job stands."""

    AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
    SCHEDULED = "scheduled", _("Scheduled")
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    CANCELLING = "cancelling", _("Cancelling")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
    TIMED_OUT = "timed_out", _("Timed out")
    LOST = "lost", _("Lost")


S = JobState
TERMINAL = frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED, S.TIMED_OUT, S.LOST})
ACTIVE = frozenset({S.RUNNING, S.CANCELLING})
WAITING = frozenset({S.AWAITING_APPROVAL, S.SCHEDULED, S.QUEUED})

#: From each state, the states that a job may go to. ``QUEUED`` again is a retry.
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    S.AWAITING_APPROVAL: frozenset({S.SCHEDULED, S.QUEUED, S.CANCELLED}),
    S.SCHEDULED: frozenset({S.QUEUED, S.CANCELLED}),
    S.QUEUED: frozenset({S.RUNNING, S.CANCELLED, S.FAILED}),
    S.RUNNING: frozenset(
        {S.CANCELLING, S.SUCCEEDED, S.FAILED, S.CANCELLED, S.TIMED_OUT, S.LOST, S.QUEUED}
    ),
    S.CANCELLING: frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED, S.TIMED_OUT, S.LOST}),
    **{state: frozenset() for state in TERMINAL},
}


def sources(target: JobState) -> list[JobState]:
    """Return the states from which ``target`` may be reached, for conditional updates."""
    return [state for state, targets in TRANSITIONS.items() if target in targets]
