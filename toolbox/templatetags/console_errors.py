"""What error pages show. Kept apart from other tags: these must work when little else does."""

from __future__ import annotations

from django import template

from toolbox import context

register = template.Library()


@register.simple_tag
def request_id() -> str:
    """The number under which the log has this request; empty outside of one."""
    return context.current().request_id
