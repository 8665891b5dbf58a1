"""What a pack says of a job, as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.forms.models import model_to_dict

from audit.models import Event
from toolkits.jobs import job_secrets
from toolkits.models import Job, ToolkitVersion

_JOB = (
    "toolkit_slug", "version_label", "operation", "title", "dry_run", "state", "reason",
    "requested_via", "attempt", "worker", "timeout_seconds", "result", "error", "log_lines",
    "log_bytes", "log_truncated",
)  # fmt: skip
_TIMES = ("created_at", "scheduled_for", "started_at", "finished_at", "cancel_requested_at")
_APPROVAL = (
    "state", "digest", "requested_at", "expires_at", "decided_at", "comment",
)  # fmt: skip
_RECEIPTS = ("secret.read", "secret.written", "secret.deleted", "secret.refused")


def job_data(job: Job) -> dict[str, Any]:
    """A job with its inputs (secrets masked), attempts, steps, approvals and plan."""
    return {
        "id": job.pk,
        **{name: getattr(job, name) for name in (*_JOB, *_TIMES)},
        "requested_by": _person(job.requested_by),
        "inputs": job_secrets.public(job.inputs),
        "attempts": [_row(attempt, "job") for attempt in job.attempts.all()],
        "steps": [_row(step, "job") for step in job.steps.all()],
        "approvals": list(map(_approval, job.approvals.select_related("decided_by"))),
        "plan": _plan(job),
        "schedule": job.schedule_id,
        "parent": job.parent_id,
        "secret_receipts": list(_receipts(job)),
        "artifacts": [
            {"name": artifact.name, "size": artifact.size_bytes, "type": artifact.content_type}
            for artifact in job.artifacts.all()
        ],
    }


def _person(user: Any) -> dict[str, str] | None:
    return {"id": str(user.pk), "username": user.username} if user else None


def _row(row: Any, *without: str) -> dict[str, Any]:
    return model_to_dict(row, exclude=["id", *without])


def _approval(approval: Any) -> dict[str, Any]:
    told = {name: getattr(approval, name) for name in _APPROVAL}
    return {**told, "decided_by": _person(approval.decided_by)}


def _plan(job: Job) -> dict[str, Any] | None:
    """The dry run that was approved, if the operation has one."""
    if job.plan is None:
        return None
    return {"job": job.plan.pk, "state": job.plan.state, "result": job.plan.result}


def _receipts(job: Job) -> Iterator[dict[str, Any]]:
    """Which secrets it was given, by path and version: from the trail, which proves it."""
    events = Event.objects.filter(job_id=str(job.pk), name__in=_RECEIPTS).order_by("id")
    for event in events:
        yield {"event": event.name, "time": event.time, "sequence": event.sequence, **event.details}


def version_data(version: ToolkitVersion) -> dict[str, Any]:
    """A version of a toolkit that ran, by its digest."""
    return {
        "toolkit": version.toolkit.slug,
        "version": version.version,
        "digest": version.digest,
        "installed_at": version.created_at,
        "signature": version.signature,
        "manifest": version.manifest,
    }
