"""The parts of a job's page: what is live, what waits for a decision, what it is made of."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from toolkits import access
from toolkits.jobs import (
    approvals,
    compare,
    holders,
    job_secrets,
    limits,
    rerun,
    secret_reads,
)
from toolkits.jobs.states import JobState
from toolkits.models import InstallPlan, Job, JobApproval, JobAttempt, JobStep, PlanState
from toolkits.models.job import JobKind
from toolkits.pages import cells, charts, comparison
from toolkits.pages.guards import PageRequest

_MOST_STEPS = 500
_WENT_WRONG = frozenset({JobState.FAILED, JobState.TIMED_OUT, JobState.LOST})
_STEP_STATES = {
    "running": "info",
    "completed": "ok",
    "failed": "critical",
    "skipped": "unknown",
}


def live(request: PageRequest, job: Job, seen: QuerySet[Job]) -> dict[str, Any]:
    """What the live part of a job's page needs. ``seen`` are the jobs that the viewer sees."""
    can_run = job.toolkit is not None and access.can_use(request.user, job.toolkit, job.operation)
    described = job.toolkit.operation(job.operation) if job.toolkit else None
    can_run_again = can_run and described is not None and job.kind == JobKind.OPERATION
    worked = compare.last_success(job, seen) if job.state in _WENT_WRONG else None
    # One question for the attempts of both: each is asked for in more than one place.
    prefetch_related_objects([one for one in (job, worked) if one is not None], "attempts")
    attempts = list(job.attempts.all())
    steps = _latest_steps(job) if attempts else []
    return {
        "job": job,
        "attempts": [_attempt(one) for one in attempts],
        "steps": _timeline(steps),
        "artifacts": list(job.artifacts.order_by("name")) if attempts else [],
        "children": list(job.children.order_by("id")[:100]) if job.has_children else [],
        "secret_reads": secret_reads.of(attempts),
        "waits_for": limits.describe(job.waits_for) if job.waits_for else "",
        "holders": holders.seen_by(request.user, job),
        "changed": _changed(worked, job) if worked else None,
        "can_cancel": not job.is_finished and access.can_cancel(request.user, job),
        "can_run_again": can_run_again,
        "can_resume": bool(steps) and can_run_again and rerun.can_resume(job, steps),
        "install_plan": _install_plan(request, job),
        "decided": _decided(job),
        **(_decision(request, job) if job.state == JobState.AWAITING_APPROVAL else {}),
    }


def _changed(worked: Job, job: Job) -> dict[str, Any]:
    """What changed since the operation last worked, as far as the viewer sees its runs."""
    return {"since": worked, "causes": comparison.causes(compare.compare(worked, job))}


def _install_plan(request: PageRequest, job: Job) -> InstallPlan | None:
    """The plan that an install has left to be confirmed, for those who may."""
    if job.kind != JobKind.INSTALL or not job.is_finished:
        return None
    plans = InstallPlan.objects.filter(pk=job.inputs["plan"], state=PlanState.READY)
    plan = plans.filter(expires_at__gt=timezone.now()).first()
    shown = plan is not None and request.user.is_staff and access.can_confirm(request.user, plan)
    return plan if shown else None


def _decision(request: PageRequest, job: Job) -> dict[str, Any]:
    return {
        "approval": approvals.pending(job),
        "digest": approvals.digest_of(job),
        "can_approve": access.can_approve(request.user, job),
        "is_own": access.asked_for(request.user, job),
    }


def _decided(job: Job) -> JobApproval | None:
    """Who decided on the job, where it needed consent and somebody has."""
    if not job.guarded:
        return None
    return job.approvals.exclude(decided_by=None).select_related("decided_by").first()


def _attempt(attempt: JobAttempt) -> dict[str, Any]:
    """One attempt, and the rungs of the ladder by which it was stopped, if it was."""
    rungs = [
        ("asked", attempt.asked_at),
        ("terminated", attempt.terminated_at),
        ("killed", attempt.killed_at),
        ("dead", attempt.dead_at),
    ]
    return {"attempt": attempt, "ladder": [rung for rung in rungs if rung[1]]}


def _latest_steps(job: Job) -> list[JobStep]:
    """The steps of the latest attempt that recorded any."""
    recorded = list(JobStep.objects.filter(job=job).order_by("-attempt", "id")[:_MOST_STEPS])
    return [step for step in recorded if step.attempt == recorded[0].attempt]


def _timeline(steps: list[JobStep]) -> list[dict[str, Any]]:
    return charts.timeline(
        [
            {
                "label": str(step),
                "detail": _("completed before") if step.state == "skipped" else step.message,
                "start": step.started_at,
                "end": step.finished_at,
                "state": _STEP_STATES[step.state],
            }
            for step in steps
        ]
    )


def inputs(job: Job) -> list[dict[str, Any]]:
    """The inputs as people may see them, by their names in the form."""
    shown = job_secrets.public(job.inputs)
    return [
        {
            "name": name,
            "value": shown[name],
            "text": _input_text(value),
            "secret": job_secrets.is_mark(value),
        }
        for name, value in job.inputs.items()
    ]


def _input_text(value: Any) -> str:
    """Return an input on a line, or a line for each entry; empty where it needs JSON."""
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return "\n".join(_exact(one) for one in value) or "–"
    if isinstance(value, dict) and set(value) == {"name", "content"}:
        return str(value["name"])
    return "" if isinstance(value, dict | list) else _exact(value)


def _exact(value: Any) -> str:
    """A number as it was typed: it may be a port or an id, which nobody parts by thousands."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    return cells.plain_text(value)
