"""What is told of a job's end."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from toolkits import notices
from toolkits.jobs import job_secrets
from toolkits.models import Job, NotificationDelivery

_LONGEST_INPUTS = 20


def address(job: Job) -> str:
    """Where the job is shown."""
    return f"{settings.FRONTEND_BASE_URL}{job.get_absolute_url()}"


def payload(delivery: NotificationDelivery) -> dict[str, Any]:
    """The body of a webhook. Its fields are documented; more may come, none goes."""
    job = delivery.job
    return {
        "event": "job.ended",
        "delivery": str(delivery.pk),
        "rule": delivery.rule.name,
        "job": {
            "id": str(job.pk),
            "url": address(job),
            "toolkit": job.toolkit_slug,
            "version": job.version_label,
            "operation": job.operation,
            "title": job.title,
            "state": job.state,
            "reason": job.reason,
            "attempt": job.attempt,
            "requested_by": job.requester,
            "schedule": str(job.schedule_id) if job.schedule_id else None,
            "inputs": job_secrets.public(job.inputs),
            "started_at": job.started_at.isoformat() if job.started_at else None,
            "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        },
        "notices": notices.of_job(job),
    }


def subject(job: Job) -> str:
    """The subject of a mail: one line, whatever the toolkit named itself."""
    text = f"{job.title} ({job.toolkit_slug}): {job.get_state_display().lower()}"
    return " ".join(text.split())


def text(delivery: NotificationDelivery) -> str:
    """The body of a mail."""
    job = delivery.job
    lines = [
        f"{job.title} of {job.toolkit_slug} {job.version_label}",
        f"State: {job.get_state_display()}",
        f"Reason: {job.reason}" if job.reason else "",
        f"Requested by: {job.requester or 'the platform'}",
        f"Attempts: {job.attempt}",
        f"Duration: {str(job.duration).partition('.')[0]}" if job.duration else "",
        "",
        *[f"{name}: {value}" for name, value in _inputs(job)],
        "",
        *[f"[{notice['state']}] {notice['title']}" for notice in notices.of_job(job)],
        "",
        address(job),
        "",
        f"You get this because of the notification rule {delivery.rule.name!r}.",
    ]
    return "\n".join(lines)


def _inputs(job: Job) -> list[tuple[str, str]]:
    shown = list(job_secrets.public(job.inputs).items())[:_LONGEST_INPUTS]
    return [(name, str(value)[:200]) for name, value in shown]
