"""Who may see and do what with toolkits and jobs: the one place for these rules."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from toolkits.models import Job, Toolkit


def visible_toolkits(user: Any) -> QuerySet[Toolkit]:
    """Toolkits that ``user`` sees: enabled ones for users, every installed one for curators."""
    toolkits = Toolkit.objects.installed().select_related("active_version")
    if can_manage_toolkits(user):
        return toolkits
    if user.has_perm("toolkits.view_toolkit"):
        return toolkits.filter(enabled=True)
    return toolkits.none()


def can_use(user: Any, toolkit: Toolkit) -> bool:
    """Whether ``user`` may run operations of ``toolkit`` and edit its records."""
    return toolkit.enabled and user.has_perm("toolkits.use_toolkit")


def can_manage_toolkits(user: Any) -> bool:
    """Whether ``user`` may install, enable and disable toolkits."""
    return bool(user.has_perm("toolkits.change_toolkit"))


def visible_jobs(user: Any) -> QuerySet[Job]:
    """Jobs that ``user`` sees: own ones, or everybody's with ``view_all_jobs``."""
    if user.has_perm("toolkits.view_all_jobs"):
        return Job.objects.all()
    if user.has_perm("toolkits.view_job"):
        return Job.objects.filter(requested_by=user)
    return Job.objects.none()


def can_see_job(user: Any, job: Job) -> bool:
    """Whether ``job`` is among the jobs that ``user`` sees."""
    return visible_jobs(user).filter(pk=job.pk).exists()


def can_cancel(user: Any, job: Job) -> bool:
    """Whether ``user`` may cancel ``job``: their own, or any with ``cancel_any_job``."""
    if job.requested_by_id == user.pk:
        return bool(user.has_perm("toolkits.use_toolkit"))
    return bool(user.has_perm("toolkits.cancel_any_job"))
