"""The lines of a log as HTML, of the form that ``static/js/job-log.js`` makes too."""

from __future__ import annotations

from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from toolkits.jobs.logs import LogLine
from toolkits.pages import formats, markup


def lines(found: list[LogLine]) -> SafeString:
    """Return items of a list. One string, not a template each: a page shows hundreds."""
    # Each piece is a number, a time, or was escaped.
    return mark_safe("".join(_item(line) for line in found))  # noqa: S308


def _item(line: LogLine) -> str:
    when, level = formats.moment(line.time), escape(line.level)
    iso = when.isoformat() if when else ""
    clock = f"{timezone.localtime(when):%H:%M:%S}" if when else ""
    return (
        f'<li class="log-line log-{level.lower()}" id="L{line.number:d}">'
        f'<a class="log-number" href="#L{line.number:d}">{line.number:d}</a>'
        f'<time class="log-time" datetime="{iso}">{clock}</time>'
        f'<span class="log-level">{level.upper()}</span>'
        f'<span class="log-text">{markup.ansi(line.text)}</span></li>'
    )
