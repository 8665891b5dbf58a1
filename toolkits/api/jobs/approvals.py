"""What a job's approval looks like."""

from __future__ import annotations

from typing import Any

from toolkits.api.jobs.serializers import person_json
from toolkits.jobs import approvals
from toolkits.jobs.states import JobState
from toolkits.models import Job


def approval_json(job: Job) -> dict[str, Any] | None:
    """The newest request for consent to the job; None where it never needed one."""
    found = job.approvals.select_related("decided_by").first()
    if found is None:
        return None
    waiting = job.state == JobState.AWAITING_APPROVAL
    return {
        "state": found.state,
        "digest": approvals.digest_of(job) if waiting else found.digest,
        "plan": job.plan_id,
        "expires_at": found.expires_at,
        "decided_at": found.decided_at,
        "decided_by": person_json(found.decided_by),
        "comment": found.comment,
    }
