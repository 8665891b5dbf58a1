"""Rows as CSV or JSON text, made piece by piece, and read back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext

from toolbox.spreadsheets import safe, unsafe
from toolkits import inputs
from toolkits.errors import FieldError, InputError
from toolkits.schemas import Schema


def cell(value: Any) -> str:
    """Return a value as the text of a CSV cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, default=str)
    return safe(value)


def csv_lines(rows: Iterable[dict[str, Any]], names: list[str]) -> Iterator[str]:
    """Yield CSV: a line of names, then a line for each row."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in names])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def json_lines(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a JSON list with a line for each row."""
    yield "["
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + json.dumps(row, ensure_ascii=False, default=str)
    yield "\n]\n"


def read(text: str, schema: Schema) -> list[dict[str, Any]]:
    """Read rows from a JSON list of objects, or from CSV with a line of field names.

    Raises ``InputError`` for text that is neither. An empty cell leaves its field out, so
    that the default applies.
    """
    text = text.removeprefix("\ufeff")
    return _from_json(text) if text.lstrip().startswith("[") else _from_csv(text, schema)


def _from_json(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            [FieldError((), gettext("The file is not JSON: %(error)s") % {"error": error})]
        ) from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError([FieldError((), gettext("The file is not a JSON list of objects."))])
    return rows


def _from_csv(text: str, schema: Schema) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    try:
        for row in csv.DictReader(io.StringIO(text), strict=True):
            made.append(from_texts(row, schema, line=len(made) + 2))
    except csv.Error as error:
        raise InputError(
            [FieldError((), gettext("The file is not CSV: %(error)s.") % {"error": error})]
        ) from None
    return made


def from_texts(row: dict[Any, Any], schema: Schema, *, line: int) -> dict[str, Any]:
    """Return a row of a ``csv.DictReader`` as the data of its fields.

    Raises ``InputError`` naming the line when it has more cells than there are names.
    """
    if None in row:
        message = gettext("Line %(line)s has more cells than there are names.") % {"line": line}
        raise InputError([FieldError((), message)])
    texts = {str(name): [unsafe(value)] for name, value in row.items() if value}
    return inputs.coerce(schema, texts)
