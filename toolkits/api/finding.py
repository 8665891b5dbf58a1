"""Finds what an address names, by the rules of ``toolkits.access``: absent and forbidden look
alike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request

from toolkits import access
from toolkits.models import Job, Record, Toolkit


def toolkit_of(request: Request, slug: str) -> Toolkit:
    """A toolkit that the user sees."""
    toolkit = access.visible_toolkits(request.user).filter(slug=slug).first()
    if toolkit is None:
        raise Http404
    return toolkit


def operation_of(request: Request, slug: str, name: str) -> tuple[Toolkit, dict[str, Any]]:
    """An operation that the user may run, or may look at because they manage its toolkit."""
    toolkit = toolkit_of(request, slug)
    found = [entry for entry in operations_of(request, toolkit) if entry["name"] == name]
    if not found:
        raise Http404
    return toolkit, found[0]


def operations_of(request: Request, toolkit: Toolkit) -> list[dict[str, Any]]:
    """The operations that the user may run; of a disabled toolkit all, for who manages it."""
    if toolkit.enabled:
        return access.usable_operations(request.user, toolkit)
    return toolkit.operations if access.can_manage_toolkits(request.user, toolkit) else []


def collection_of(request: Request, slug: str, name: str) -> tuple[Toolkit, dict[str, Any]]:
    """A collection whose records the user may edit."""
    toolkit = toolkit_of(request, slug)
    found = [entry for entry in collections_of(request, toolkit) if entry["name"] == name]
    if not found:
        raise Http404
    return toolkit, found[0]


def collections_of(request: Request, toolkit: Toolkit) -> list[dict[str, Any]]:
    """The collections whose records the user may edit."""
    return toolkit.collections if access.can_use(request.user, toolkit) else []


def manageable_toolkit(request: Request, slug: str) -> Toolkit:
    """A toolkit that the user may enable, disable, update and remove."""
    toolkit = toolkit_of(request, slug)
    if not access.can_manage_toolkits(request.user, toolkit):
        raise Http404
    return toolkit


def configurable_toolkit(request: Request, slug: str) -> Toolkit:
    """A toolkit that the user may configure and that has settings."""
    toolkit = toolkit_of(request, slug)
    if not access.can_configure(request.user, toolkit) or toolkit.settings_schema is None:
        raise Http404
    return toolkit


def record_of(toolkit: Toolkit, collection: str, record_id: UUID) -> Record:
    """A record of a collection."""
    records = Record.objects.filter(toolkit=toolkit, collection=collection)
    record = records.select_related("updated_by").filter(pk=record_id).first()
    if record is None:
        raise Http404
    record.toolkit = toolkit
    return record


def jobs_of(request: Request) -> QuerySet[Job]:
    """The jobs that the user sees."""
    return access.visible_jobs(request.user)


def job_of(request: Request, job_id: UUID, *related: str) -> Job:
    """A job that the user sees."""
    job = jobs_of(request).select_related("requested_by", *related).filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job
