"""Makes the page of the catalogue, ``docs/audit-events.md``, from the catalogue."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from audit.catalogue import PARTS, EventType

_HEAD = """\
# Audit events

<!-- Made from audit/catalogue/ by `manage.py audit catalogue --write`; edit that instead. -->

Each kind of event has a name, a severity and a meaning; besides
who, when, from where and on what, which every event has, `details` may hold the fields named
here. How events are kept and proven: [The audit trail](audit.md).

Severities: `info` is daily work, `notice` changes what the platform is or what somebody may do,
`warning` was refused or went wrong, `critical` wants a person now.
"""
_COLUMNS = "| Event | Severity | Meaning | Details |\n| --- | --- | --- | --- |\n"


def path() -> Path:
    """Where the page is."""
    return Path(settings.BASE_DIR) / "docs" / "audit-events.md"


def render() -> str:
    """Return the page."""
    parts = [_HEAD]
    for title, events in PARTS.items():
        parts.append(f"\n## {title}\n\n{_COLUMNS}")
        parts += map(_row, events)
    return "".join(parts)


def _row(event: EventType) -> str:
    fields = "; ".join(f"`{name}` {meaning}" for name, meaning in event.fields.items())
    return f"| `{event.name}` | {event.severity} | {event.meaning} | {fields} |\n"
