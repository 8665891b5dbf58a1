"""Events of jobs, schedules and notifications."""

from __future__ import annotations

from audit.catalogue.types import info, notice, warning

_OPERATION = "name of the operation"
_REASON = "why, in words"

EVENTS = [
    info(
        "job.requested",
        "A run of an operation was requested.",
        via="through which door",
        operation=_OPERATION,
        schedule="id of the schedule that asked",
        parent="id of the job that asked",
        of="id of the job that is run again",
        dry_run="whether it is a dry run",
    ),
    notice("job.approval_requested", "A job waits for a second person.", operation=_OPERATION),
    notice("job.approved", "A second person approved a job.", fingerprint="hash of what was seen"),
    notice("job.rejected", "A second person rejected a job.", reason=_REASON),
    notice("job.approval_voided", "An approval expired or no longer fits.", reason=_REASON),
    info("job.cancel_requested", "Cancellation of a job was requested."),
    info(
        "job.retried",
        "A job whose attempt failed or was lost gets another one by itself.",
        attempt="number of the next attempt",
        reason=_REASON,
    ),
    info("job.ended", "A job reached a final state.", state="the state", reason=_REASON),
    info("job.log_read", "The log of a job was downloaded."),
    info("job.artifact_read", "A file that a job keeps was downloaded.", name="name of the file"),
    notice("job.exported", "A list of jobs was exported.", format="csv or jsonl", rows="how many"),
    notice(
        "job.pruned",
        "Jobs, logs or artifacts past their retention were deleted.",
        jobs="how many",
        logs="how many chunks",
        artifacts="how many",
        before="the cut-off",
    ),
    notice("schedule.created", "A schedule was created.", operation=_OPERATION),
    notice("schedule.changed", "A schedule was changed."),
    notice("schedule.removed", "A schedule was removed."),
    notice("schedule.paused", "A schedule was paused.", reason=_REASON),
    notice("schedule.resumed", "A schedule was resumed."),
    warning("schedule.flagged", "A schedule was not run: it no longer fits.", reason=_REASON),
    info("schedule.cleared", "A schedule that did not fit can run again."),
    info("schedule.skipped", "A run of a schedule was skipped.", reason=_REASON),
    notice("notification.created", "A notification rule was created."),
    notice("notification.changed", "A notification rule was changed."),
    notice("notification.removed", "A notification rule was removed."),
    warning("notification.failed", "A notification could not be delivered.", reason=_REASON),
]
