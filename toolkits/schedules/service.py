"""What people do with schedules: create, change, pause, resume, delete, run now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.access import scope
from toolbox.events import emit
from toolkits.access import can_change_schedule, can_manage_toolkits, role_can_use
from toolkits.errors import FieldError, InputError, NotUsable
from toolkits.jobs import job_secrets
from toolkits.jobs.dispatch import Origin, checked_inputs, submit
from toolkits.models import (
    Job,
    MissedPolicy,
    OverlapPolicy,
    Schedule,
    ScheduleKind,
    Toolkit,
)
from toolkits.schedules import checking, timing
from toolkits.schemas import secret_names

#: What may be set when a schedule is created or changed, besides its inputs.
FIELDS = frozenset(
    {
        "name", "operation", "dry_run", "timeout_seconds", "kind", "cron", "interval_seconds",
        "run_at", "time_zone", "jitter_seconds", "overlap", "missed", "owner",
    }
)  # fmt: skip


def create(
    user: Any, *, toolkit: Toolkit, inputs: dict[str, Any], owner: Group, **values: Any
) -> Schedule:
    """Make a schedule and return it. Raises ``InputError`` or ``NotUsable``."""
    _allow(user, toolkit, str(values.get("operation") or ""), owner)
    schedule = Schedule(toolkit=toolkit, owner=owner, created_by=user, authors=[str(user.pk)])
    _set(schedule, values)
    _check_once(schedule)
    _keep_inputs(schedule, inputs)
    timing.plan_next(schedule, timezone.now())
    with transaction.atomic():
        schedule.save(force_insert=True)
        emit("schedule.created", actor=user, target=schedule, operation=schedule.operation)
    return schedule


def change(
    schedule: Schedule, user: Any, inputs: dict[str, Any] | None = None, **values: Any
) -> Schedule:
    """Change a schedule; what is not given stays. Raises ``InputError`` or ``NotUsable``."""
    _may_change(schedule, user)
    owner = values.get("owner") or schedule.owner
    _allow(user, schedule.toolkit, values.get("operation") or schedule.operation, owner)
    before = {name: getattr(schedule, name) for name in FIELDS}
    old_inputs = schedule.inputs
    _set(schedule, values)
    if (schedule.kind, schedule.run_at) != (before["kind"], before["run_at"]):
        _check_once(schedule)
    if inputs is not None:
        _keep_inputs(schedule, inputs)
    timing.plan_next(schedule, timezone.now())
    schedule.problem = ""
    changed = sorted(name for name in FIELDS if getattr(schedule, name) != before[name])
    if schedule.inputs != old_inputs:
        changed.append("inputs")
    if str(user.pk) not in schedule.authors:
        schedule.authors = [*schedule.authors, str(user.pk)]
    with transaction.atomic():
        schedule.save()
        emit("schedule.changed", actor=user, target=schedule, changes={"fields": changed})
    return schedule


def pause(schedule: Schedule, user: Any, reason: str = "") -> Schedule:
    """Let it rest until somebody resumes it. Runs under way go on."""
    _may_change(schedule, user)
    with transaction.atomic():
        rows = Schedule.objects.filter(pk=schedule.pk, paused_at=None)
        if rows.update(paused_at=timezone.now(), paused_by=user, next_run_at=None):
            emit("schedule.paused", actor=user, target=schedule, reason=reason)
    schedule.refresh_from_db()
    return schedule


def resume(schedule: Schedule, user: Any) -> Schedule:
    """Let it run again, from now on: what it missed while it was paused is not made up for."""
    _may_change(schedule, user)
    timing.plan_next(schedule, timezone.now())
    with transaction.atomic():
        rows = Schedule.objects.filter(pk=schedule.pk, paused_at__isnull=False)
        values = {"due_at": schedule.due_at, "next_run_at": schedule.next_run_at}
        if rows.update(paused_at=None, paused_by=None, **values):
            emit("schedule.resumed", actor=user, target=schedule)
    schedule.refresh_from_db()
    return schedule


def delete(schedule: Schedule, user: Any) -> None:
    """Remove it with its secrets. Its jobs stay."""
    _may_change(schedule, user)
    with transaction.atomic():
        emit("schedule.removed", actor=user, target=schedule)
        path, inputs = vault_path(schedule), schedule.inputs
        schedule.delete()
    job_secrets.forget_at(path, inputs)


def run_now(schedule: Schedule, user: Any) -> Job:
    """Request a run with its inputs at once, by the person who asks, beside its timetable."""
    if problem := checking.problem_of(schedule):
        raise NotUsable(problem)
    inputs, _ = job_secrets.reveal_at(vault_path(schedule), schedule.inputs)
    return submit(
        toolkit=schedule.toolkit,
        operation=schedule.operation,
        inputs=inputs,
        user=user,
        dry_run=schedule.dry_run,
        timeout=schedule.timeout_seconds,
        origin=Origin(schedule=schedule),
    )


def next_runs(schedule: Schedule, count: int = 5) -> list[datetime]:
    """When it starts next; nothing while it is paused."""
    return [] if schedule.is_paused else timing.next_runs(schedule, count)


def roles_for(user: Any, toolkit: Toolkit) -> list[Group]:
    """The roles that ``user`` may give a schedule of ``toolkit`` to."""
    roles = Group.objects.all() if can_manage_toolkits(user, toolkit) else user.groups.all()
    return [role for role in roles.order_by("name") if role_can_use(role, toolkit)]


def vault_path(schedule: Schedule) -> str:
    """Where its secret inputs are."""
    return f"schedules/{schedule.pk}"


def _may_change(schedule: Schedule, user: Any) -> None:
    if not can_change_schedule(user, schedule):
        raise NotUsable(gettext("You may not change this schedule: it belongs to another role."))


def _allow(user: Any, toolkit: Toolkit, operation: str, owner: Group) -> None:
    if not scope(user, "toolkits.add_schedule").covers(toolkit.slug, operation):
        raise NotUsable(
            gettext("You may not make schedules of the toolkit %(slug)s.") % {"slug": toolkit.slug}
        )
    if not scope(user, "toolkits.use_toolkit").covers(toolkit.slug, operation):
        raise NotUsable(gettext("You may not use the toolkit %(slug)s.") % {"slug": toolkit.slug})
    member = user.groups.filter(pk=owner.pk).exists()
    if not member and not can_manage_toolkits(user, toolkit):
        raise NotUsable(gettext("You do not have the role %(name)s.") % {"name": owner.name})
    if not role_can_use(owner, toolkit):
        raise NotUsable(
            gettext("The role %(name)s may not use the toolkit %(slug)s.")
            % {"name": owner.name, "slug": toolkit.slug}
        )


def _set(schedule: Schedule, values: dict[str, Any]) -> None:
    unknown = set(values) - FIELDS
    if unknown:
        raise InputError(
            [FieldError((name,), gettext("cannot be set")) for name in sorted(unknown)]
        )
    for name, value in values.items():
        setattr(schedule, name, value)
    if not schedule.name.strip():
        raise InputError([FieldError(("name",), gettext("is required"))])
    for name, choices in (("overlap", OverlapPolicy), ("missed", MissedPolicy)):
        if getattr(schedule, name) not in choices.values:
            message = gettext("must be one of %(values)s") % {"values": ", ".join(choices.values)}
            raise InputError([FieldError((name,), message)])
    timing.check(schedule)


def _check_once(schedule: Schedule) -> None:
    """Refuse a single moment that has passed: it would never run."""
    if schedule.kind == ScheduleKind.ONCE and schedule.run_at and schedule.run_at <= timezone.now():
        raise InputError([FieldError(("run_at",), "has passed already")])


def _keep_inputs(schedule: Schedule, inputs: dict[str, Any]) -> None:
    """Check the inputs and set them on the schedule, secrets in Vault.

    A secret input that is left out, or given as the mask that stands for it, stays as it is.
    """
    described = schedule.toolkit.operation(schedule.operation)
    if described is None:
        raise NotUsable(
            gettext("%(slug)s has no operation %(operation)r.")
            % {"slug": schedule.toolkit.slug, "operation": schedule.operation}
        )
    path, schema = vault_path(schedule), described["inputs"]
    known, _ = job_secrets.reveal_at(path, schedule.inputs)
    whole = dict(inputs)
    for name in secret_names(schema):
        kept = job_secrets.is_mark(schedule.inputs.get(name))
        if kept and whole.get(name, job_secrets.MASK) == job_secrets.MASK:
            whole[name] = known[name]
    complete = checked_inputs(schedule.toolkit, described, whole, dry_run=schedule.dry_run)
    schedule.inputs = job_secrets.keep_at(path, schema, complete)
