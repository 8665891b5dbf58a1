"""Installed versions as workers need them over and over: immutable, so read once a process."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from toolkits.models import Job, ToolkitVersion


@lru_cache(maxsize=64)
def load(version_id: int) -> ToolkitVersion | None:
    """Return a version by its id; None when it has been removed."""
    return ToolkitVersion.objects.filter(pk=version_id).first()


def version_of(job: Job) -> ToolkitVersion | None:
    """The version that a job runs on."""
    return load(job.version_id) if job.version_id is not None else None


def operation_of(job: Job) -> dict[str, Any] | None:
    """The description of a job's operation, in the version that the job runs on."""
    version = version_of(job)
    entries: list[dict[str, Any]] = version.description.get("operations", []) if version else []
    return next((entry for entry in entries if entry["name"] == job.operation), None)


forget = load.cache_clear
