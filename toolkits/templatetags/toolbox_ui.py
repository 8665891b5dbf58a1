"""Template tags of the console: icons, states, times, result views, log lines."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from toolkits.jobs.logs import LogLine
from toolkits.jobs.states import JobState
from toolkits.pages import formats, log_html, markup, render

register = template.Library()

_SPRITE = "vendor/tabler-icons/sprite.svg"
_FALLBACK_ICON = "puzzle"

#: For each state of a job or of a view: the tone of its badge and its icon.
_STATES: dict[str, tuple[str, str]] = {
    JobState.AWAITING_APPROVAL: ("warning", "user-check"),
    JobState.SCHEDULED: ("unknown", "calendar-time"),
    JobState.QUEUED: ("unknown", "clock"),
    JobState.RUNNING: ("info", "player-play"),
    JobState.CANCELLING: ("warning", "player-stop"),
    JobState.SUCCEEDED: ("ok", "circle-check"),
    JobState.FAILED: ("critical", "circle-x"),
    JobState.CANCELLED: ("unknown", "ban"),
    JobState.TIMED_OUT: ("critical", "hourglass"),
    JobState.LOST: ("critical", "plug-connected-x"),
    "ok": ("ok", "circle-check"),
    "warning": ("warning", "alert-triangle"),
    "critical": ("critical", "circle-x"),
    "unknown": ("unknown", "help-circle"),
    "info": ("info", "info-circle"),
    "read": ("ok", "eye"),
    "change": ("warning", "pencil"),
    "destroy": ("critical", "flame"),
}

#: The words of states that are no job's, for the catalogues of translations.
_WORDS = (
    gettext_noop("ok"), gettext_noop("warning"), gettext_noop("critical"),
    gettext_noop("unknown"), gettext_noop("info"), gettext_noop("read"),
    gettext_noop("change"), gettext_noop("destroy"),
)  # fmt: skip


@lru_cache(maxsize=1)
def _icon_names() -> frozenset[str]:
    path = finders.find(_SPRITE)
    if not path:
        return frozenset()
    with open(path, encoding="utf-8") as sprite:
        return frozenset(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite.read()))


@register.simple_tag
def icon(name: object, size: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite; decoration unless it has a label. Unknown names get a default."""
    known = str(name or "")
    known = known if known in _icon_names() else _FALLBACK_ICON
    classes = f"icon icon-{size}" if size else "icon"
    href = f"{static(_SPRITE)}#{known}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>',
            classes, label, href,
        )  # fmt: skip
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"/></svg>',
        classes, href,
    )  # fmt: skip


@register.simple_tag
def state_badge(state: object, text: object = "") -> SafeString:
    """Show a state as a badge: tone, icon and word, so that colour is never all it says."""
    key = str(state or "unknown")
    tone, symbol = _STATES.get(key, ("unknown", "help-circle"))
    if not text:
        text = JobState(key).label if key in JobState.values else _(key.replace("_", " "))
    return format_html(
        '<span class="state state-{} is-{}">{}<span>{}</span></span>', tone, key, icon(symbol), text
    )


@register.simple_tag
def state_icon(state: object) -> SafeString:
    """Show a state as an icon in its tone, with its word for those who do not see it."""
    key = str(state or "unknown")
    tone, symbol = _STATES.get(key, ("unknown", "help-circle"))
    return format_html(
        '<span class="tone-{}">{}</span>', tone, icon(symbol, label=_(key.replace("_", " ")))
    )


@register.simple_tag
def ago(when: object, empty: str = "–") -> SafeString:
    """Show a time relative to now, the exact one on hover; the browser keeps it current."""
    then = formats.moment(when) if when else None
    if then is None:
        return format_html('<span class="faint">{}</span>', empty)
    exact = timezone.localtime(then).strftime("%Y-%m-%d %H:%M:%S %Z")
    return format_html(
        '<time datetime="{}" title="{}" data-relative>{}</time>',
        then.isoformat(), exact, formats.ago_text(then),
    )  # fmt: skip


@register.simple_tag
def exact_time(when: object, empty: str = "–") -> SafeString:
    """Show a time in full; the browser puts it into the reader's time zone."""
    then = formats.moment(when) if when else None
    if then is None:
        return format_html('<span class="faint">{}</span>', empty)
    text = timezone.localtime(then).strftime("%Y-%m-%d %H:%M:%S %Z")
    return format_html('<time datetime="{}" data-exact>{}</time>', then.isoformat(), text)


@register.filter
def duration(value: object) -> str:
    """Format a timedelta or a number of seconds; a dash for None."""
    if isinstance(value, timedelta):
        return formats.duration_text(value.total_seconds())
    return formats.duration_text(value) if isinstance(value, int | float) else "–"


@register.filter
def bytes_size(value: object) -> str:
    """Format a number of bytes in binary units; a dash for anything else."""
    return formats.bytes_text(value) if isinstance(value, int | float) else "–"


@register.filter
def number(value: object) -> str:
    """Format a number with thin spaces between thousands."""
    return formats.number_text(value)


@register.filter
def markdown(text: object, top: int = 2) -> SafeString:
    """Render Markdown that somebody else wrote, sanitised; its headings start at ``top``."""
    return markup.markdown(str(text or ""), top)


@register.filter
def as_json(value: object) -> str:
    """Show a value as indented JSON text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def short_id(value: object) -> str:
    """Return the end of a time-ordered id: its start is the same for hours."""
    return str(value or "")[-8:]


@register.filter
def log_lines(found: list[LogLine]) -> SafeString:
    """Return log lines as items of a list."""
    return log_html.lines(found)


@register.simple_tag(takes_context=True)
def render_view(context: template.Context, view: Any, level: int = 3) -> SafeString:
    """Render a result view; ``level`` is the heading level that its titles get."""
    prepared = render.prepare(view, job=context.get("job"), level=level)
    return render_to_string(prepared["template"], {**prepared, "job": context.get("job")})


@register.simple_tag(takes_context=True)
def render_prepared(context: template.Context, prepared: dict[str, Any]) -> SafeString:
    """Render a view that ``render.prepare`` made ready, with nothing of the one around it."""
    return render_to_string(prepared["template"], {**prepared, "job": context.get("job")})


@register.filter
def compact_json(value: object) -> str:
    """Return a value as JSON for an attribute."""
    return json.dumps(value, separators=(",", ":"), default=str)


@register.simple_tag
def field_id(name: object) -> str:
    """Return a form field's element id for its name, which may have dots and brackets."""
    return "id_" + re.sub(r"[^A-Za-z0-9_-]+", "-", str(name)).strip("-")


@register.filter
def get_item(found: object, key: object) -> object:
    """Return the value under a key that only the page knows; empty without it."""
    return found.get(key, "") if isinstance(found, dict) else ""


@register.filter
def percent(value: object) -> str:
    """Format a share of a hundred; a dash for anything else. Only all of them are 100 %."""
    if not isinstance(value, int | float):
        return "–"
    shown = int(value * 10) / 10
    return f"{shown:g} %"
