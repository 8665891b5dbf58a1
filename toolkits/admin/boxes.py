"""Pieces of HTML that several admins show."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from toolkits import vaulted
from toolkits.jobs import job_secrets
from toolkits.templatetags import toolbox_ui as ui


def masked(value: Any) -> Any:
    """The value with what stands for a secret masked, however deep it lies."""
    if vaulted.is_reference(value) or job_secrets.is_mark(value):
        return vaulted.UNCHANGED
    if isinstance(value, dict):
        return {key: masked(inner) for key, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def json_box(value: Any) -> SafeString:
    """A value as JSON in a box that scrolls, its secrets masked."""
    return format_html('<pre class="snippet" tabindex="0">{}</pre>', ui.as_json(masked(value)))
