"""Who may see and do what with toolkits and jobs: the one place for these rules.

``accounts.access`` says where a permission holds; here it becomes querysets and answers.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet

from accounts.access import Scope, scope
from toolkits.models import InstallPlan, Job, Schedule, Toolkit
from toolkits.models.toolkit import ToolkitQuerySet


def visible_toolkits(user: Any) -> ToolkitQuerySet:
    """Toolkits that ``user`` sees: those that they manage, and of the rest the enabled ones
    that they may view."""
    toolkits = Toolkit.objects.installed().select_related("active_version")
    managed = scope(user, "toolkits.change_toolkit")
    if managed.everywhere:
        return toolkits
    seen = _slugs(scope(user, "toolkits.view_toolkit")) & Q(enabled=True)
    return toolkits.filter(seen | _slugs(managed))


def can_use(user: Any, toolkit: Toolkit, operation: str = "") -> bool:
    """Whether ``user`` may run ``operation``; without one, edit records of ``toolkit``."""
    return toolkit.enabled and scope(user, "toolkits.use_toolkit").covers(toolkit.slug, operation)


def role_can_use(role: Group, toolkit: Toolkit, *, enabled_only: bool = True) -> bool:
    """Whether members of ``role`` may run operations of ``toolkit``: what its schedules may."""
    allowed = role.permissions.filter(
        content_type__app_label="toolkits", codename="use_toolkit"
    )
    return (toolkit.enabled or not enabled_only) and allowed.exists()


def usable_operations(user: Any, toolkit: Toolkit) -> list[dict[str, Any]]:
    """The operations of ``toolkit`` that ``user`` may run."""
    use = scope(user, "toolkits.use_toolkit")
    if not toolkit.enabled:
        return []
    return [entry for entry in toolkit.operations if use.covers(toolkit.slug, entry["name"])]


def can_install_toolkits(user: Any) -> bool:
    """Whether ``user`` may add toolkits that are not installed yet."""
    return scope(user, "toolkits.add_toolkit").everywhere


def can_manage_toolkits(user: Any, toolkit: Toolkit | None = None) -> bool:
    """Whether ``user`` may update, enable and disable ``toolkit``; without one, any toolkit."""
    managed = scope(user, "toolkits.change_toolkit")
    return managed.covers(toolkit.slug) if toolkit else managed.everywhere


def can_confirm(user: Any, plan: InstallPlan) -> bool:
    """Whether ``user`` may see and confirm ``plan``: who installs, or manages its toolkit."""
    if can_install_toolkits(user):
        return True
    found = visible_toolkits(user).filter(slug=plan.slug).first()
    return found is not None and can_manage_toolkits(user, found)


def can_configure(user: Any, toolkit: Toolkit) -> bool:
    """Whether ``user`` may edit the settings of ``toolkit``."""
    return scope(user, "toolkits.configure_toolkit").covers(toolkit.slug)


def visible_jobs(user: Any) -> QuerySet[Job]:
    """Jobs that ``user`` sees: own ones, those of toolkits granted, or everybody's."""
    everybody = scope(user, "toolkits.view_all_jobs")
    if everybody.everywhere:
        return Job.objects.all()
    own = scope(user, "toolkits.view_job")
    if not own and not everybody:
        return Job.objects.none()
    # A schedule's jobs are seen by the role that it belongs to. Which schedules is asked first:
    # with the question inside, PostgreSQL walks the whole table for a page of a few jobs.
    schedules = Schedule.objects.filter(owner__in=user.groups.all()).values_list("pk", flat=True)
    mine = Q(requested_by=user)
    if found := list(schedules):
        mine |= Q(schedule__in=found)
    return Job.objects.filter(_jobs(own) & mine | _jobs(everybody))


def can_cancel(user: Any, job: Job) -> bool:
    """Whether ``user`` may cancel ``job``: their own, or any with ``cancel_any_job``."""
    own = job.requested_by_id == user.pk
    permission = "toolkits.use_toolkit" if own else "toolkits.cancel_any_job"
    return scope(user, permission).covers(job.toolkit_slug, job.operation)


def asked_for(user: Any, job: Job) -> bool:
    """Whether ``user`` is behind the request for ``job``: asked for it, or made or changed the
    schedule that did."""
    if job.requested_by_id is not None:
        return bool(job.requested_by_id == user.pk)
    return any(str(user.pk) in approval.asked_by for approval in job.approvals.all())


def can_approve(user: Any, job: Job) -> bool:
    """Whether ``user`` may decide on ``job``: with ``approve_job``, and never on their own."""
    if asked_for(user, job):
        return False
    return scope(user, "toolkits.approve_job").covers(job.toolkit_slug, job.operation)


def visible_schedules(user: Any) -> QuerySet[Schedule]:
    """Schedules that ``user`` sees: those of their roles, and those of toolkits whose jobs they
    all see."""
    schedules = Schedule.objects.select_related("toolkit", "owner")
    everybody = scope(user, "toolkits.view_all_jobs")
    if everybody.everywhere:
        return schedules
    own = scope(user, "toolkits.view_schedule")
    mine = Q(owner__in=user.groups.all()) & _schedules(own)
    return schedules.filter(mine | _schedules(everybody))


def can_schedule(user: Any, toolkit: Toolkit, operation: str) -> bool:
    """Whether ``user`` may make schedules of ``operation``."""
    if not can_use(user, toolkit, operation):
        return False
    return scope(user, "toolkits.add_schedule").covers(toolkit.slug, operation)


def can_change_schedule(user: Any, schedule: Schedule) -> bool:
    """Whether ``user`` may change, pause or delete ``schedule``: a member of its role who may
    change schedules of its toolkit, or whoever manages the toolkit."""
    if can_manage_toolkits(user, schedule.toolkit):
        return True
    may = scope(user, "toolkits.change_schedule").covers(schedule.toolkit.slug, schedule.operation)
    return may and schedule.owner.name in user.roles


def _schedules(where: Scope) -> Q:
    """Schedules of the toolkits and operations that ``where`` covers."""
    if where.everywhere:
        return Q()
    found = Q(toolkit__slug__in=where.toolkits)
    for slug, operation in sorted(where.operations):
        found |= Q(toolkit__slug=slug, operation=operation)
    return found


def _slugs(where: Scope) -> Q:
    return Q() if where.everywhere else Q(slug__in=where.touched)


def _jobs(where: Scope) -> Q:
    """Jobs of the toolkits and operations that ``where`` covers."""
    if where.everywhere:
        return Q()
    found = Q(toolkit_slug__in=where.toolkits)
    for slug, operation in sorted(where.operations):
        found |= Q(toolkit_slug=slug, operation=operation)
    return found
