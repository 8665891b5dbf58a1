"""Toolkits, their jobs and what they keep, in the admin."""

from toolkits.admin import (
    cards,
    jobs,
    notifications,
    queues,
    records,
    schedules,
    settings,
    toolkits,
    upload,
)

__all__ = [
    "cards",
    "jobs",
    "notifications",
    "queues",
    "records",
    "schedules",
    "settings",
    "toolkits",
    "upload",
]
