"""Result views (JSON that a toolkit returned) made ready for the templates in views/.

A toolkit's result is data of somebody else: nothing here trusts its shape, and whatever does
not fit its own view is shown as JSON instead of as an error page.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from toolkits.pages import cells, charts, diffs, formats, markup

STATES = frozenset({"ok", "warning", "critical", "unknown", "info"})
MAX_ROWS = 2_000
MAX_TEXT = 500_000
MAX_DEPTH = 6

Prepared = dict[str, Any]


def render_view(view: Any, *, job: Any = None, level: int = 3) -> SafeString:
    """Render one result view to HTML."""
    prepared = prepare(view, job=job, level=level)
    return render_to_string(prepared["template"], {**prepared, "job": job})


def prepare(view: Any, *, job: Any = None, level: int = 3, depth: int = 0) -> Prepared:
    """Return the template name and context of a result view."""
    kind = view.get("view") if isinstance(view, dict) else None
    builder = _BUILDERS.get(str(kind))
    if builder is not None and depth < MAX_DEPTH:
        try:
            if kind == "section":
                prepared = _section(view, job, level, depth)
            elif kind == "markdown":
                prepared = _markdown(view, level)
            elif kind == "files":
                prepared = _files(view, job)
            else:
                prepared = builder(view)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError):
            prepared = _as_json(view)
    else:
        prepared = _as_json(view)
    title = view.get("title") if isinstance(view, dict) else None
    return {"title": title, "level": level, **prepared}


def _state(value: object) -> str | None:
    return str(value) if value in STATES else None


def _table(view: dict[str, Any]) -> Prepared:
    columns = [cells.column(column) for column in view["columns"]]
    rows = view.get("rows") or []
    shown = [
        [cells.cell(column, row.get(column["key"])) for column in columns]
        for row in rows[:MAX_ROWS]
    ]
    return {
        "template": "views/_table.html",
        "columns": columns,
        "rows": shown,
        "total": len(rows),
        "truncated": len(rows) > len(shown),
        "caption": view.get("caption"),
    }


def _stat(view: dict[str, Any]) -> Prepared:
    return {
        "template": "views/_stat.html",
        "value": formats.number_text(view["value"]),
        "label": view.get("label"),
        "unit": view.get("unit"),
        "state": _state(view.get("state")),
        "detail": view.get("detail"),
        "trend": charts.sparkline(view.get("trend") or []),
    }


def _key_value(view: dict[str, Any]) -> Prepared:
    items = [
        {
            "label": item["label"],
            "value": cells.plain_text(item.get("value")),
            "state": _state(item.get("state")),
        }
        for item in view["items"]
    ]
    return {"template": "views/_key_value.html", "items": items}


def _markdown(view: dict[str, Any], level: int) -> Prepared:
    html = markup.markdown(str(view["text"])[:MAX_TEXT], level)
    return {"template": "views/_markdown.html", "html": html}


def _beginning(text: str) -> tuple[str, bool]:
    """Return what a page can show of a text, and whether that is not all of it."""
    return text[:MAX_TEXT], len(text) > MAX_TEXT


def _text(view: dict[str, Any]) -> Prepared:
    text, cut = _beginning(markup.plain(str(view["text"])))
    return {"template": "views/_text.html", "text": text, "cut": cut}


def _code(view: dict[str, Any]) -> Prepared:
    code, cut = _beginning(markup.plain(str(view["code"])))
    return {
        "template": "views/_code.html",
        "code": code,
        "cut": cut,
        "language": view.get("language"),
    }


def _highlight(view: dict[str, Any]) -> Prepared:
    text, cut = _beginning(str(view["text"]))
    pieces, at = [], 0
    for span in view.get("spans") or []:
        start, end = int(span["start"]), min(int(span["end"]), len(text))
        if not at <= start < end:
            continue
        pieces.append({"text": markup.plain(text[at:start]), "marked": False})
        label = str(span.get("label") or "")
        pieces.append({"text": markup.plain(text[start:end]), "marked": True, "label": label})
        at = end
    pieces.append({"text": markup.plain(text[at:]), "marked": False})
    return {"template": "views/_highlight.html", "pieces": pieces, "cut": cut}


def _time_series(view: dict[str, Any]) -> Prepared:
    return {
        "template": "views/_time_series.html",
        "unit": view.get("unit") or "",
        **charts.time_series(view["series"], view.get("unit") or ""),
    }


def _bar(view: dict[str, Any]) -> Prepared:
    unit = view.get("unit") or ""
    return {"template": "views/_bar.html", "unit": unit, "bars": charts.bars(view["bars"])}


def _heatmap(view: dict[str, Any]) -> Prepared:
    return {
        "template": "views/_heatmap.html",
        "unit": view.get("unit") or "",
        **charts.heatmap(view["x"], view["y"], view["values"]),
    }


def _timeline(view: dict[str, Any]) -> Prepared:
    return {"template": "views/_timeline.html", "events": charts.timeline(view["events"])}


def _diff(view: dict[str, Any]) -> Prepared:
    return {
        "template": "views/_diff.html",
        "before_label": view.get("before_label"),
        "after_label": view.get("after_label"),
        **diffs.compare(str(view["before"]), str(view["after"])),
    }


def _files(view: dict[str, Any], job: Any = None) -> Prepared:
    files = [
        {"name": str(file["name"]), "description": file.get("description") or ""}
        for file in view["files"]
    ]
    return {"template": "views/_files.html", "files": files}


def _section(view: dict[str, Any], job: Any, level: int, depth: int) -> Prepared:
    inner = min(level + 1, 6)
    children = [prepare(item, job=job, level=inner, depth=depth + 1) for item in view["views"]]
    return {"template": "views/_section.html", "children": children}


def _as_json(view: Any) -> Prepared:
    data = view.get("data") if isinstance(view, dict) and view.get("view") == "json" else view
    try:
        text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        text = _("It is nested too deeply to be shown here.")
    text, cut = _beginning(text)
    return {"template": "views/_json.html", "text": text, "cut": cut}


_BUILDERS: dict[str, Callable[..., Prepared]] = {
    "table": _table,
    "stat": _stat,
    "key_value": _key_value,
    "markdown": _markdown,
    "text": _text,
    "code": _code,
    "highlight": _highlight,
    "time_series": _time_series,
    "bar": _bar,
    "heatmap": _heatmap,
    "timeline": _timeline,
    "diff": _diff,
    "files": _files,
    "section": _section,
    "json": _as_json,
}
