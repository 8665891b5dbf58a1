"""Who may see and do what with toolkits and jobs: the one place for these rules.

``accounts.access`` says where a permission holds; here it becomes querysets and answers.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from accounts.access import Scope, scope
from toolkits.models import Job, Toolkit


def visible_toolkits(user: Any) -> QuerySet[Toolkit]:
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
    return Job.objects.filter(_jobs(own) & Q(requested_by=user) | _jobs(everybody))


def can_see_job(user: Any, job: Job) -> bool:
    """Whether ``job`` is among the jobs that ``user`` sees."""
    return visible_jobs(user).filter(pk=job.pk).exists()


def can_cancel(user: Any, job: Job) -> bool:
    """Whether ``user`` may cancel ``job``: their own, or any with ``cancel_any_job``."""
    own = job.requested_by_id == user.pk
    permission = "toolkits.use_toolkit" if own else "toolkits.cancel_any_job"
    return scope(user, permission).covers(job.toolkit_slug, job.operation)


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
