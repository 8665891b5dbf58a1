"""Hosts from CSV: each line a row that is good, or why it is not."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from pydantic import ValidationError
from toolkit_sdk import ToolkitError

from zabbix_toolkit.hostrow import HostRow

COLUMNS = tuple(HostRow.model_fields)
MOST_ROWS = 5000
# What other tools call them.
_ALSO = {
    "hostname": "host", "technical name": "host", "visible name": "name", "interface": "interfaces",
    "ip": "interfaces", "address": "interfaces", "group": "groups", "host groups": "groups",
    "template": "templates", "tag": "tags", "macro": "macros",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line that was read. ``error`` says why ``row`` is None."""

    number: int
    host: str
    row: HostRow | None
    error: str = ""


def read(content: str, field: str = "") -> list[Line]:
    """Read CSV with a line of column names. Raises ``ToolkitError`` at the input ``field`` for
    what is no such file."""
    try:
        reader = _reader(content)
        found = [_line(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ToolkitError(f"this is not CSV: {error}.", field=field) from None
    except ValueError as error:
        raise ToolkitError(f"{error}.", field=field) from None
    if len(found) > MOST_ROWS:
        raise ToolkitError(
            f"there are {len(found):,} rows; {MOST_ROWS:,} is the most at a time.", field=field
        )
    return found


def check_header(content: str) -> str:
    """Return ``content``. Raises ``ValueError`` where its first line names no known columns."""
    if content.strip():
        _reader(content)
    return content


def _reader(content: str) -> csv.DictReader[str]:
    head = content.strip().partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(content.strip() + "\n"), delimiter=delimiter, strict=True)
    names = [name.strip().lower() for name in reader.fieldnames or []]
    names = [_ALSO.get(name, name) for name in names]
    unknown = [name or "(empty)" for name in names if name not in COLUMNS]
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if unknown or twice or "host" not in names:
        what = "no column host"
        if unknown:
            what = f"unknown columns {', '.join(unknown)[:300]}"
        elif twice:
            what = f"two columns for {', '.join(twice)}"
        raise ValueError(f"the first line has {what}; the columns are {', '.join(COLUMNS)}")
    reader.fieldnames = names
    return reader


def _line(number: int, row: dict[str, str | None]) -> Line:
    data = {key: _unguarded(value or "") for key, value in row.items() if key}
    host = data.get("host", "")
    if len(data) < len(row):
        why = "it has more cells than the first line; quote what holds a comma"
        return Line(number, host, None, why)
    if "status" in data:
        data["status"] = {"0": "enabled", "1": "disabled"}.get(
            data["status"], data["status"].lower()
        )
    try:
        return Line(number, host, HostRow.model_validate(data))
    except ValidationError as error:
        return Line(number, host, None, told(error))


def told(error: ValidationError) -> str:
    """What is wrong with a row, as a sentence."""
    found = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(map(str, item["loc"]))
        found.append(f"{where}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(found)


def guarded(value: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@") else value


def _unguarded(value: str) -> str:
    return value[1:].strip() if value[:2] in ("'=", "'+", "'-", "'@") else value.strip()
