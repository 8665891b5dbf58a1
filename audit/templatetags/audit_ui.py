"""Template tags of the audit trail: an object's timeline, the tone of a severity."""

from __future__ import annotations

from typing import Any

from django import template
from django.db import models

from audit import reading

register = template.Library()

_TONES = {"info": "unknown", "notice": "info", "warning": "warning", "critical": "critical"}
_ICONS = {
    "info": "point", "notice": "info-circle", "warning": "alert-triangle", "critical": "circle-x",
}  # fmt: skip


@register.inclusion_tag("audit/_timeline.html", takes_context=True)
def audit_timeline(
    context: template.Context, target: models.Model, limit: int = 20
) -> dict[str, Any]:
    """Show what happened to ``target``, for those who may read the trail; nothing for others.

    ``{% load audit_ui %}{% audit_timeline job %}``
    """
    user = context.get("user")
    if user is None or not user.is_authenticated or not reading.may_read(user):
        return {"events": [], "allowed": False}
    events = reading.timeline(target, limit)
    kind, key = target._meta.label_lower, str(target.pk)
    return {"events": events, "allowed": True, "target_type": kind, "target_id": key}


@register.filter
def severity_tone(severity: object) -> str:
    """Return the tone in which a severity shows."""
    return _TONES.get(str(severity), "unknown")


@register.filter
def severity_icon(severity: object) -> str:
    """Return the icon that stands for a severity."""
    return _ICONS.get(str(severity), "point")


@register.filter
def is_plain(value: object) -> bool:
    """Whether a value is a text or number, shown as it is."""
    return isinstance(value, str | int)


@register.filter
def is_pair(value: object) -> bool:
    """Whether a value is what was and what is now, both plain."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_scalar, value))


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int)
