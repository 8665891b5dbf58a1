"""What a kind of event is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    """How grave an event is, from daily work to what somebody must look at now."""

    INFO = "info", _("Info")
    NOTICE = "notice", _("Notice")
    WARNING = "warning", _("Warning")
    CRITICAL = "critical", _("Critical")


@dataclass(frozen=True)
class EventType:
    """One kind of event. ``fields`` names what ``details`` may hold, each with its meaning."""

    name: str
    severity: Severity
    meaning: str
    fields: Mapping[str, str] = field(default_factory=dict)


def info(name: str, meaning: str, /, **fields: str) -> EventType:
    """An act of daily work."""
    return EventType(name, Severity.INFO, meaning, fields)


def notice(name: str, meaning: str, /, **fields: str) -> EventType:
    """An act that changes what the platform is or what somebody may do."""
    return EventType(name, Severity.NOTICE, meaning, fields)


def warning(name: str, meaning: str, /, **fields: str) -> EventType:
    """Something refused or gone wrong that may be an attack or a mistake."""
    return EventType(name, Severity.WARNING, meaning, fields)


def critical(name: str, meaning: str, /, **fields: str) -> EventType:
    """Something that a person must look at now."""
    return EventType(name, Severity.CRITICAL, meaning, fields)
