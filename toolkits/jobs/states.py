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
UNFINISHED = ACTIVE | WAITING

#: From each state, the states that a job may go to. From ``RUNNING``, ``QUEUED`` and
#: ``SCHEDULED`` are a retry, at once or after a while. The database refuses every other change
#: (``guards.py``).
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    S.AWAITING_APPROVAL: frozenset({S.SCHEDULED, S.QUEUED, S.CANCELLED}),
    S.SCHEDULED: frozenset({S.QUEUED, S.CANCELLED}),
    S.QUEUED: frozenset({S.RUNNING, S.CANCELLED}),
    S.RUNNING: frozenset({S.CANCELLING, *TERMINAL, S.QUEUED, S.SCHEDULED}),
    S.CANCELLING: TERMINAL,
    **{state: frozenset() for state in TERMINAL},
}


def sources(target: JobState) -> list[JobState]:
    """Return the states from which ``target`` may be reached, for conditional updates."""
    return [state for state, targets in TRANSITIONS.items() if target in targets]
