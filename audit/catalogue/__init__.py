"""Every event that the platform records: its name, how grave it is, its fields, its meaning.

One module for each part of the platform. A name that is not here cannot be emitted, and a test
reads every ``emit`` of the code against it. ``docs/audit-events.md`` is made from it:
``manage.py audit catalogue --write``.
"""

from __future__ import annotations

from audit.catalogue import accounts, jobs, platform, toolkits, trail
from audit.catalogue.types import EventType, Severity

#: Titles of the parts, in the order of the page, and their events.
PARTS: dict[str, list[EventType]] = {
    "Signing in": accounts.SIGN_IN,
    "Users, roles and tokens": accounts.PEOPLE,
    "Mail about accounts": accounts.MAIL,
    "Toolkits": toolkits.EVENTS,
    "Records, settings and secrets": toolkits.DATA,
    "Jobs and schedules": jobs.EVENTS,
    "The platform": platform.EVENTS,
    "The audit trail": trail.EVENTS,
}

CATALOGUE: dict[str, EventType] = {
    event.name: event for part in PARTS.values() for event in part
}

__all__ = ["CATALOGUE", "PARTS", "EventType", "Severity"]
