"""What people and scripts read: tables, results, log lines. JSON with ``--output json``."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import click

Row = dict[str, Any]
#: What the API shows in the place of a secret.
MASK = "••••"
# What a terminal would obey instead of show; colours are let through where a terminal is.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ESCAPES = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)?|\[[0-?]*[ -/]*[@-~]|[@-_])")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LEVELS = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_STATES = {
    "succeeded": "green", "ok": "green", "failed": "red", "critical": "red", "lost": "red",
    "timed_out": "red", "running": "cyan", "warning": "yellow", "cancelled": "yellow",
}  # fmt: skip


def as_json(value: Any) -> None:
    """Print JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(rows: Sequence[Row], columns: dict[str, str], *, empty: str = "nothing") -> None:
    """Print rows under headings; ``columns`` maps keys to headings."""
    if not rows:
        click.echo(empty, err=True)
        return
    shown = [[cell(row.get(key)) for key in columns] for row in rows]
    heads = [head.upper() for head in columns.values()]
    widths = [max(map(len, column)) for column in zip(heads, *shown, strict=True)]
    widths[-1] = min(widths[-1], max(12, _width() - sum(widths[:-1]) - 2 * (len(widths) - 1)))
    click.echo(_line(heads, widths).rstrip())
    for line in shown:
        click.echo(_coloured(line, widths).rstrip())


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, one a line."""
    known = [(name, cell(value)) for name, value in pairs if value not in (None, "", [])]
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        click.echo(f"{name:<{width}}  {value}")


def cell(value: Any) -> str:
    """A value in one line."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and set(value) == {"state", "text"}:
        return clean(str(value["text"]))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return clean(", ".join(value))
    if isinstance(value, dict | list):
        return clean(json.dumps(value, ensure_ascii=False))
    return clean(str(value))


def clean(text: str) -> str:
    """A stranger's text in one line, without what a terminal would obey."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text).replace("\n", " ").replace("\t", " "))


def log_line(line: Row) -> str:
    """A line of a log for a terminal: local time, level, text with its colours alone."""
    moment = datetime.fromisoformat(line["time"]).astimezone()
    level = str(line["level"])
    text = _ESCAPES.sub(_kept_colour, str(line["text"]))
    text = re.sub(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?!\[[0-9;]*m)", "", text)
    reset = "\x1b[0m" if "\x1b[" in text else ""
    return f"{moment:%H:%M:%S} {click.style(f'{level:<7}', fg=_LEVELS.get(level))} {text}{reset}"


def _kept_colour(found: re.Match[str]) -> str:
    return found[0] if _COLOUR.fullmatch(found[0]) else ""


def state(name: str) -> str:
    """A state in its colour."""
    return click.style(name, fg=_STATES.get(name))


def result(value: Any) -> None:
    """Print a result: drawn for a person at a terminal, JSON for whatever reads a pipe."""
    kind = value.get("view") if isinstance(value, dict) else None
    if kind == "json":
        value = value["data"]
    draw = _DRAWN.get(str(kind)) if sys.stdout.isatty() else None
    if draw is None:
        as_json(value)
    else:
        draw(value)


def _draw_table(view: Row) -> None:
    if view.get("title"):
        click.secho(clean(view["title"]), bold=True)
    columns = {column["key"]: clean(column["label"]) for column in view["columns"]}
    table(view["rows"], columns, empty="no rows")
    if view.get("caption"):
        click.echo(clean(view["caption"]))


def _draw_stat(view: Row) -> None:
    unit = f" {view['unit']}" if view.get("unit") else ""
    click.echo(clean(f"{view['label']}: {view['value']}{unit}"))
    if view.get("detail"):
        click.echo(clean(view["detail"]))


def _draw_key_value(view: Row) -> None:
    facts((clean(item["label"]), item["value"]) for item in view["items"])


def _draw_bar(view: Row) -> None:
    most = max((abs(bar["value"]) for bar in view["bars"]), default=0) or 1
    for bar in view["bars"]:
        length = round(30 * abs(bar["value"]) / most)
        click.echo(f"{clean(bar['label'])[:30]:<30} {'█' * length} {bar['value']:g}")


def _draw_section(view: Row) -> None:
    click.secho(clean(view["title"]), bold=True)
    for inner in view["views"]:
        result(inner)
        click.echo()


def _draw_text(view: Row) -> None:
    text = str(view.get("text", view.get("code", "")))
    click.echo("\n".join(clean(line) for line in text.split("\n")))


_DRAWN: dict[str, Callable[[Row], None]] = {
    "table": _draw_table,
    "stat": _draw_stat,
    "key_value": _draw_key_value,
    "bar": _draw_bar,
    "section": _draw_section,
    "text": _draw_text,
    "markdown": _draw_text,
    "code": _draw_text,
    "highlight": _draw_text,
}


def _width() -> int:
    return shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 10_000


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        f"{text if len(text) <= width else text[: width - 1] + '…':<{width}}"
        for text, width in zip(cells, widths, strict=True)
    )


def _coloured(cells: Sequence[str], widths: Sequence[int]) -> str:
    line = _line(cells, widths)
    for text in cells:
        if text in _STATES:
            line = line.replace(text, state(text), 1)
            break
    return line
