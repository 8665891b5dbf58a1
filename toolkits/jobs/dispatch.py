"""Requesting a run: checks, then the job row and its audit entry in one transaction.

Workers are called after the commit; when that fails, the sweep of ``recovery.py`` does it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from toolbox import tracing
from toolbox.events import Actor, ActorKind, emit
from toolkits import inputs as input_rules
from toolkits.access import can_use, role_can_use
from toolkits.errors import FieldError, InputError, NotUsable
from toolkits.jobs import admission, approvals, job_secrets, limits, queues, turns
from toolkits.jobs.ready import enqueue
from toolkits.jobs.states import JobState
from toolkits.models import Job, Record, Schedule, Toolkit
from toolkits.schemas import references

MAX_DEPTH = 8


@dataclass(frozen=True)
class Origin:
    """What a run comes from, besides the person who asked."""

    schedule: Schedule | None = None
    scheduled_for: datetime | None = None
    parent: Job | None = None
    rerun_of: Job | None = None
    resumes: bool = False
    #: What it must hold while it runs, besides what its operation says.
    holds: tuple[limits.Limit, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The values of the job row."""
        return {
            "schedule": self.schedule or (self.parent.schedule if self.parent else None),
            "scheduled_for": self.scheduled_for,
            "parent": self.parent,
            "depth": self.parent.depth + 1 if self.parent else 0,
            "rerun_of": self.rerun_of,
            "resumes": self.resumes,
        }


@dataclass(frozen=True)
class Wish:
    """Everything that one request asks for."""

    toolkit: Toolkit
    operation: str
    inputs: dict[str, Any]
    user: Any
    via: str = "console"
    dry_run: bool = False
    timeout: int | None = None
    run_at: datetime | None = None
    origin: Origin = field(default_factory=Origin)


def submit(
    *,
    toolkit: Toolkit,
    operation: str,
    inputs: dict[str, Any],
    user: Any,
    via: str = "console",
    dry_run: bool = False,
    timeout: int | None = None,
    run_at: datetime | None = None,
    origin: Origin | None = None,
) -> Job:
    """Request a run of ``operation`` and return its job.

    ``timeout`` in seconds can only shorten the operation's own; ``run_at`` puts the start off.
    The job returned is an earlier one where the operation says so and an equal one waits or
    runs. Raises ``InputError`` for inputs that do not fit, ``NotUsable`` for what the state of
    the toolkit or its limits do not allow. Secret inputs go to Vault before the row is
    written, so ``SecretsError`` is possible.
    """
    return _submit(
        Wish(toolkit, operation, inputs, user, via, dry_run, timeout, run_at, origin or Origin())
    )


def _submit(wish: Wish) -> Job:
    described = usable_operation(wish)
    complete = checked_inputs(wish.toolkit, described, wish.inputs, dry_run=wish.dry_run)
    job = _row(wish, described, complete)
    job.inputs = job_secrets.keep(job.pk, described["inputs"], complete)
    try:
        with transaction.atomic():
            _write(job, described, wish)
    except admission.Joined as joined:
        job_secrets.forget(job)
        return joined.job
    except Exception:
        job_secrets.forget(job)
        raise
    return job


def _write(job: Job, described: dict[str, Any], wish: Wish) -> None:
    if job.state == JobState.AWAITING_APPROVAL and described.get("dry_run"):
        # What an approver will look at.
        origin = Origin(schedule=wish.origin.schedule)
        job.plan = _submit(replace(wish, dry_run=True, run_at=None, origin=origin))
    if job.state == JobState.QUEUED:
        job.turn = turns.next_turn(job.queue, job.toolkit_slug)
    job.save(force_insert=True)
    admission.admit(job, described, wish.user)
    if job.state == JobState.AWAITING_APPROVAL:
        approvals.open_request(job)
    emit("job.requested", actor=_actor(wish), target=job, **_details(job, wish))
    if job.state == JobState.QUEUED:
        transaction.on_commit(lambda: enqueue(job))


def usable_operation(wish: Wish) -> dict[str, Any]:
    """Return the description of the operation, or raise ``NotUsable`` with the reason."""
    toolkit, operation = wish.toolkit, wish.operation
    if not toolkit.enabled or toolkit.active_version_id is None:
        raise NotUsable(
            gettext("The toolkit %(slug)s is disabled. A curator can enable it.")
            % {"slug": toolkit.slug}
        )
    if not _allowed(wish):
        raise NotUsable(gettext("You may not use the toolkit %(slug)s.") % {"slug": toolkit.slug})
    described = toolkit.operation(operation)
    if described is None:
        known = ", ".join(entry["name"] for entry in toolkit.operations) or "none"
        raise NotUsable(
            gettext("%(slug)s has no operation %(operation)r. It has: %(known)s.")
            % {"slug": toolkit.slug, "operation": operation, "known": known}
        )
    if wish.origin.parent and wish.origin.parent.depth >= MAX_DEPTH:
        raise NotUsable(
            gettext("Jobs run other jobs at most %(max_depth)s levels deep.")
            % {"max_depth": MAX_DEPTH}
        )
    return described


def _allowed(wish: Wish) -> bool:
    """A person runs with their own permissions, a schedule with those of the role that owns it,
    and a child with those of whatever runs its parent."""
    if wish.user is not None:
        return can_use(wish.user, wish.toolkit, wish.operation)
    schedule = wish.origin.columns()["schedule"]
    return schedule is not None and role_can_use(schedule.owner, wish.toolkit)


def _actor(wish: Wish) -> Any:
    if wish.user is not None:
        return wish.user
    schedule = wish.origin.columns()["schedule"]
    return Actor(ActorKind.SCHEDULE, str(schedule.pk), schedule.name) if schedule else "system"


def _details(job: Job, wish: Wish) -> dict[str, Any]:
    details: dict[str, Any] = {"via": wish.via, "operation": job.operation}
    if job.schedule_id is not None:
        details["schedule"] = str(job.schedule_id)
    if job.parent_id is not None:
        details["parent"] = str(job.parent_id)
    if job.rerun_of_id is not None:
        details["of"] = str(job.rerun_of_id)
    return {**details, "dry_run": True} if job.dry_run else details


def checked_inputs(
    toolkit: Toolkit, described: dict[str, Any], inputs: dict[str, Any], *, dry_run: bool = False
) -> dict[str, Any]:
    """Return ``inputs`` with defaults, or raise ``InputError`` with everything that is wrong."""
    if dry_run and not described.get("dry_run"):
        raise NotUsable(
            gettext("The operation %(name)s has no dry run.") % {"name": described["name"]}
        )
    schema = described["inputs"]
    complete = input_rules.complete(schema, inputs)
    errors = input_rules.validate(schema, complete) or _missing_records(toolkit, schema, complete)
    if errors:
        raise InputError(errors)
    return complete


def _missing_records(
    toolkit: Toolkit, schema: dict[str, Any], inputs: dict[str, Any]
) -> list[FieldError]:
    errors = []
    for name, collection in references(schema):
        given = inputs.get(name) or []
        wanted = given if isinstance(given, list) else [given]
        records = Record.objects.filter(toolkit=toolkit, collection=collection)
        if records.filter(pk__in=wanted).count() < len(set(wanted)):
            errors.append(
                FieldError(
                    (name,),
                    gettext("no such record in %(collection)s") % {"collection": collection},
                )
            )
    return errors


def _row(wish: Wish, described: dict[str, Any], inputs: dict[str, Any]) -> Job:
    toolkit, user = wish.toolkit, wish.user
    limit = limits.concurrency_limit(toolkit.slug, described, inputs)
    held = [*wish.origin.holds, *limits.lock_limits(described, inputs)]
    if limit:
        held.append(limit)
    return Job(
        toolkit=toolkit,
        toolkit_slug=toolkit.slug,
        version=toolkit.active_version,
        version_label=toolkit.active_version.version if toolkit.active_version else "",
        operation=wish.operation,
        title=described["title"][:200],
        queue=_queue(described),
        state=_first_state(wish, described),
        not_before=wish.run_at,
        dry_run=wish.dry_run,
        requested_by=user,
        requester=user.username if user is not None else str(wish.origin.schedule or "")[:200],
        requested_via=wish.via,
        timeout_seconds=_timeout(described, wish.timeout),
        limits=held,
        trace=tracing.current(),
        guarded=bool(held) or approvals.needs_approval(described, dry_run=wish.dry_run),
        **wish.origin.columns(),
    )


def _first_state(wish: Wish, described: dict[str, Any]) -> JobState:
    if approvals.needs_approval(described, dry_run=wish.dry_run):
        return JobState.AWAITING_APPROVAL
    later = wish.run_at is not None and wish.run_at > timezone.now()
    return JobState.SCHEDULED if later else JobState.QUEUED


def _queue(described: dict[str, Any]) -> str:
    if described.get("queue") in queues.QUEUES:
        return str(described["queue"])
    return queues.INTERACTIVE if described.get("interactive") else queues.DEFAULT


def _timeout(described: dict[str, Any], asked: int | None) -> int:
    own = int(described.get("timeout") or settings.TOOLKIT_JOB_TIMEOUT_SECONDS)
    return max(1, min(own, asked)) if asked else own
