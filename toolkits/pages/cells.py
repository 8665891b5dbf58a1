"""One cell of a result table: its text, what it sorts by, and where it links."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from toolkits.pages import formats, markup

_END = frozenset({"number", "duration_ms", "bytes"})
_STATES = frozenset({"ok", "warning", "critical", "unknown", "info"})


def column(given: dict[str, Any]) -> dict[str, Any]:
    """Return a column's key, label, type and whether it is aligned to the end."""
    kind = str(given.get("type") or "text")
    return {
        "key": str(given["key"]),
        "label": str(given.get("label") or given["key"]),
        "type": kind,
        "end": given.get("align") == "end" or kind in _END,
    }


def plain_text(value: object) -> str:
    """Return a value as a person would write it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return formats.number_text(value)
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return ", ".join(map(plain_text, value)) or "–"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return markup.plain(str(value))


def cell(col: dict[str, Any], value: Any) -> dict[str, Any]:
    """Return what the template shows for a value in this column."""
    made: dict[str, Any] = {"type": col["type"], "end": col["end"], "text": plain_text(value)}
    made["sort"] = value if isinstance(value, int | float) else made["text"]
    if value is None:
        return {**made, "type": "empty", "sort": ""}
    if col["type"] == "state":
        return {**made, **_state(value)}
    if col["type"] == "link":
        return {**made, **_link(value)}
    if col["type"] == "datetime":
        when = formats.moment(value)
        return {**made, "when": when, "sort": when.timestamp() if when else made["text"]}
    if isinstance(value, int | float) and not isinstance(value, bool):
        if col["type"] == "duration_ms":
            made["text"] = formats.duration_text(value / 1000)
        elif col["type"] == "bytes":
            made["text"] = formats.bytes_text(value)
        elif col["type"] == "code":
            # A port or an id, which nobody parts by thousands.
            made["text"] = json.dumps(value)
    return made


def _state(value: Any) -> dict[str, Any]:
    given = value if isinstance(value, dict) else {"state": value, "text": value}
    state = given.get("state") if given.get("state") in _STATES else "unknown"
    text = markup.plain(str(given.get("text") or state))
    return {"state": state, "text": text, "sort": text}


def _link(value: Any) -> dict[str, Any]:
    given = value if isinstance(value, dict) else {"href": value}
    href = markup.safe_href(given.get("href") or given.get("url"))
    text = markup.plain(str(given.get("text") or given.get("label") or href or value))
    return {"href": href, "text": text, "sort": text}
