"""Toolkits, their jobs and what they keep, in the admin."""

from toolkits.admin import (
    cards,
    catalogs,
    jobs,
    keys,
    maintenance,
    notifications,
    plans,
    processes,
    queues,
    records,
    schedules,
    settings,
    toolkits,
    upload,
    versions,
)

__all__ = [
    "cards",
    "catalogs",
    "jobs",
    "keys",
    "maintenance",
    "notifications",
    "plans",
    "processes",
    "queues",
    "records",
    "schedules",
    "settings",
    "toolkits",
    "upload",
    "versions",
]
