"""Jobs as JSON. The serializers describe the shape for OpenAPI; ``job_json`` makes it, at the
speed that a list of many rows asks for. A test holds the two together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from toolbox.api.fields import Sparse
from toolkits.jobs import job_secrets
from toolkits.jobs.states import JobState
from toolkits.models import ApprovalState, Job, JobAttempt
from toolkits.models.job import JobKind, JobVia


class PersonSerializer(serializers.Serializer[Any]):
    """A user, as others see them."""

    id = serializers.UUIDField()
    username = serializers.CharField()


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a job is. Without a total there is no percentage."""

    done = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    percent = serializers.IntegerField(allow_null=True, min_value=0, max_value=100)


class LogSizeSerializer(serializers.Serializer[Any]):
    """How long the log is, and whether it was cut at its limit."""

    lines = serializers.IntegerField()
    bytes = serializers.IntegerField()
    truncated = serializers.BooleanField()


class JobErrorSerializer(serializers.Serializer[Any]):
    """Why a job failed, as its runner reported it."""

    kind = serializers.CharField()
    message = serializers.CharField(allow_blank=True)
    traceback = serializers.CharField(allow_null=True, required=False)
    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.JSONField(), required=False
    )


class JobSerializer(serializers.Serializer[Any]):
    """One requested run of an operation."""

    id = serializers.UUIDField()
    url = serializers.CharField(help_text="Its address, relative to this host.")
    toolkit = serializers.CharField(help_text="Slug of the toolkit.")
    version = serializers.CharField(help_text="Version of the toolkit that it runs.")
    kind = serializers.ChoiceField(choices=JobKind.choices)
    operation = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why it is in this state.")
    dry_run = serializers.BooleanField()
    queue = serializers.CharField()
    progress = ProgressSerializer(allow_null=True)
    requested_by = PersonSerializer(allow_null=True)
    requester = serializers.CharField(
        allow_blank=True, help_text="A name that outlives the account; or that of the schedule."
    )
    requested_via = serializers.ChoiceField(choices=JobVia.choices)
    schedule = serializers.UUIDField(allow_null=True, help_text="The schedule that it is a run of.")
    scheduled_for = serializers.DateTimeField(allow_null=True)
    parent = serializers.UUIDField(  # type: ignore[assignment]
        allow_null=True, help_text="The job that started it."
    )
    rerun_of = serializers.UUIDField(allow_null=True, help_text="The job that it runs again.")
    resumes = serializers.BooleanField(
        help_text="It does not repeat the steps that the job before it completed."
    )
    not_before = serializers.DateTimeField(allow_null=True, help_text="It waits for this time.")
    waits_for = serializers.CharField(
        allow_blank=True, help_text="The limit or lock that others hold."
    )
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    duration_seconds = serializers.FloatField(allow_null=True, help_text="Once it has ended.")
    timeout_seconds = serializers.IntegerField()
    attempt = serializers.IntegerField(help_text="0 before it is started.")
    worker = serializers.CharField(allow_blank=True)
    cancel_requested_at = serializers.DateTimeField(allow_null=True)
    log = LogSizeSerializer()
    inputs = serializers.DictField(
        child=serializers.JSONField(), help_text="Secret inputs are masked."
    )
    # JSON of any kind, null too: ``allow_null`` would describe null twice.
    result = serializers.JSONField(help_text="Of a job that succeeded, else null.")
    error = JobErrorSerializer(allow_null=True)


class AttemptSerializer(serializers.Serializer[Any]):
    """One try at a job."""

    number = serializers.IntegerField()
    worker = serializers.CharField()
    version = serializers.CharField(help_text="Of the toolkit.")
    sdk = serializers.CharField(allow_blank=True, help_text="Version of the SDK in its runner.")
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    exit_reason = serializers.CharField(allow_blank=True, help_text="How its runner ended.")
    first_line = serializers.IntegerField(help_text="Where its part of the log begins.")
    asked_at = serializers.DateTimeField(allow_null=True, help_text="Asked to stop.")
    terminated_at = serializers.DateTimeField(allow_null=True, help_text="Sent SIGTERM.")
    killed_at = serializers.DateTimeField(allow_null=True, help_text="Sent SIGKILL.")
    dead_at = serializers.DateTimeField(allow_null=True, help_text="Found to be gone.")


class SecretReadSerializer(serializers.Serializer[Any]):
    """That a secret was read for a job; its value is not told."""

    attempt = serializers.IntegerField()
    path = serializers.CharField(help_text="In the platform's mount of Vault.")
    version = serializers.IntegerField(help_text="0 where the mount has no versions.")
    read_at = serializers.DateTimeField(help_text="The first time, of this version.")
    times = serializers.IntegerField()
    own_token = serializers.BooleanField(
        help_text="Read with a token of the run's own that opens this toolkit's paths alone; "
        "else with the platform's."
    )


class ApprovalSerializer(serializers.Serializer[Any]):
    """A second person's consent to a job."""

    state = serializers.ChoiceField(choices=ApprovalState.choices)
    digest = serializers.CharField(
        allow_blank=True,
        help_text="Of the inputs, the version and the plan: send it to approve exactly these. "
        "Blank until the plan is there.",
    )
    plan = serializers.UUIDField(allow_null=True, help_text="The dry run that shows the plan.")
    expires_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = PersonSerializer(allow_null=True)
    comment = serializers.CharField(allow_blank=True)


class HolderSerializer(serializers.Serializer[Any]):
    """Who holds what a job waits for."""

    job = serializers.UUIDField(allow_null=True, help_text="Null where you may not see it.")
    since = serializers.DateTimeField()


class JobDetailSerializer(JobSerializer):
    """A job with its attempts, and what the user may do with it now."""

    waits_for_text = serializers.CharField(allow_blank=True, help_text="`waits_for` in words.")
    held_by = HolderSerializer(many=True, help_text="Who holds what it waits for.")
    attempts = AttemptSerializer(many=True)
    secrets_read = SecretReadSerializer(many=True)
    approval = ApprovalSerializer(allow_null=True, help_text="Where it needs one.")
    can_cancel = serializers.BooleanField()
    can_approve = serializers.BooleanField()


class ListedJobSerializer(Sparse, JobSerializer):
    """A job with the fields that were asked for."""


class JobPageSerializer(serializers.Serializer[Any]):
    """A page of jobs, the newest first."""

    results = ListedJobSerializer(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")


@cache
def _jobs_url() -> str:
    return reverse("api-jobs")


def job_url(job_id: Any) -> str:
    """The address of a job in the API. ``reverse`` would cost each row of a list as much as the
    rest of it."""
    return f"{_jobs_url()}{job_id}/"


def person_json(user: Any) -> dict[str, Any] | None:
    """A user, as others see them."""
    return {"id": user.pk, "username": user.username} if user else None


def progress_json(job: Job) -> dict[str, Any] | None:
    """How far the job is; None when it said nothing about it."""
    if job.progress_done is None and job.progress_total is None and not job.progress_label:
        return None
    return {
        "done": job.progress_done,
        "total": job.progress_total,
        "label": job.progress_label,
        "percent": job.progress_percent,
    }


def _duration(job: Job) -> float | None:
    if job.finished_at is None or job.duration is None:
        return None
    return round(job.duration.total_seconds(), 3)


FIELDS: dict[str, Callable[[Job], Any]] = {
    "id": lambda job: job.pk,
    "url": lambda job: job_url(job.pk),
    "toolkit": lambda job: job.toolkit_slug,
    "version": lambda job: job.version_label,
    "kind": lambda job: job.kind,
    "operation": lambda job: job.operation,
    "title": lambda job: job.title,
    "state": lambda job: job.state,
    "reason": lambda job: job.reason,
    "dry_run": lambda job: job.dry_run,
    "queue": lambda job: job.queue,
    "progress": progress_json,
    "requested_by": lambda job: person_json(job.requested_by),
    "requested_via": lambda job: job.requested_via,
    "requester": lambda job: job.requester,
    "schedule": lambda job: job.schedule_id,
    "scheduled_for": lambda job: job.scheduled_for,
    "parent": lambda job: job.parent_id,
    "rerun_of": lambda job: job.rerun_of_id,
    "resumes": lambda job: job.resumes,
    "not_before": lambda job: job.not_before,
    "waits_for": lambda job: job.waits_for,
    "created_at": lambda job: job.created_at,
    "started_at": lambda job: job.started_at,
    "finished_at": lambda job: job.finished_at,
    "duration_seconds": _duration,
    "timeout_seconds": lambda job: job.timeout_seconds,
    "attempt": lambda job: job.attempt,
    "worker": lambda job: job.worker,
    "cancel_requested_at": lambda job: job.cancel_requested_at,
    "log": lambda job: {
        "lines": job.log_lines,
        "bytes": job.log_bytes,
        "truncated": job.log_truncated,
    },
    "inputs": lambda job: job_secrets.public(job.inputs),
    "result": lambda job: job.result,
    "error": lambda job: job.error,
}
#: The columns that a field is made of, where it is not the one of its name.
COLUMNS: dict[str, tuple[str, ...]] = {
    "url": ("id",),
    "toolkit": ("toolkit_slug",),
    "version": ("version_label",),
    "progress": ("progress_done", "progress_total", "progress_label"),
    "requested_by": ("requested_by__username",),
    "duration_seconds": ("started_at", "finished_at"),
    "log": ("log_lines", "log_bytes", "log_truncated"),
}
#: What may be large; a list gives it only when ``fields`` asks for it.
HEAVY = frozenset({"inputs", "result", "error"})
LISTED = [name for name in FIELDS if name not in HEAVY]


def job_json(job: Job, fields: Iterable[str] = tuple(FIELDS)) -> dict[str, Any]:
    """A job, with the given fields."""
    return {name: FIELDS[name](job) for name in fields}


def attempt_json(attempt: JobAttempt) -> dict[str, Any]:
    """An attempt."""
    return {
        "number": attempt.number,
        "worker": attempt.worker,
        "version": attempt.version_label,
        "sdk": attempt.sdk,
        "started_at": attempt.started_at,
        "finished_at": attempt.finished_at,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "exit_reason": attempt.exit_reason,
        "first_line": attempt.first_line,
        "asked_at": attempt.asked_at,
        "terminated_at": attempt.terminated_at,
        "killed_at": attempt.killed_at,
        "dead_at": attempt.dead_at,
    }
