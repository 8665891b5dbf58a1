"""Toolkits, their jobs and what they keep, in the admin."""

from toolkits.admin import cards, jobs, queues, records, settings, toolkits, upload

__all__ = ["cards", "jobs", "queues", "records", "settings", "toolkits", "upload"]
