"""From what a browser sent to JSON inputs, by the schema that made the form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration
from django.utils.duration import duration_iso_string
from django.utils.translation import gettext as _

from toolkits import file_inputs
from toolkits import inputs as input_rules
from toolkits.errors import FieldError
from toolkits.pages import wire
from toolkits.pages.fields import NEW_ROW
from toolkits.pages.widgets import widget_of
from toolkits.schemas import Schema, properties, resolve, without_null

MOST_ROWS = 500
MOST_FILE_BYTES = 512 << 10
_MISSING: Any = object()
_LENGTH = re.compile(
    r"(?:(\d+(?:\.\d+)?)\s*d)?\s*(?:(\d+(?:\.\d+)?)\s*h)?\s*(?:(\d+(?:\.\d+)?)\s*m(?:in)?)?"
    r"\s*(?:(\d+(?:\.\d+)?)\s*s)?",
    re.IGNORECASE,
)


@dataclass
class Submitted:
    """What was typed: inputs to use, and what could not be read at all."""

    inputs: dict[str, Any]
    errors: list[FieldError] = field(default_factory=list)


@dataclass
class _Reader:
    root: Schema
    data: QueryDict
    files: Mapping[str, Any]
    # Of a link that fills in some fields: what is not named stays as it is.
    partial: bool
    errors: list[FieldError] = field(default_factory=list)


def read(
    schema: Schema,
    data: QueryDict,
    files: Mapping[str, Any] | None = None,
    *,
    partial: bool = False,
) -> Submitted:
    """Read the form of ``schema``.

    Text that fits no type stays text, so that it can be shown again beside what is wrong
    with it. With ``partial`` only fields that ``data`` names are set, and never a secret:
    ``data`` is then the query of a link.
    """
    reader = _Reader(schema, wire.texts(data), wire.uploads(files or {}), partial)
    inputs = _object(reader, schema, "", (), blank=False)
    return Submitted(inputs, reader.errors)


def _object(
    reader: _Reader, schema: Schema, prefix: str, loc: tuple[str | int, ...], *, blank: bool
) -> dict[str, Any]:
    required = set(schema.get("required", []))
    result = {}
    for name, given in properties(schema).items():
        value = _value(reader, given, prefix + name, (*loc, name), name in required, blank)
        if value is not _MISSING:
            result[name] = value
    return result


def _value(
    reader: _Reader,
    given: Schema,
    name: str,
    loc: tuple[str | int, ...],
    required: bool,
    blank: bool,
) -> Any:
    schema, nullable = without_null(given, reader.root)
    widget = widget_of(schema, reader.root)
    if widget == "group":
        return _group(reader, schema, name, loc, nullable=nullable, required=required)
    if widget == "rows":
        return _rows(reader, schema, name, loc)
    if widget == "file":
        return _file(reader, name, loc)
    if widget == "password":
        return _secret(reader, name)
    if widget == "checkbox" and not nullable:
        return _checked(reader, name, blank)
    if name not in reader.data:
        return [] if widget == "multiselect" and not reader.partial and not blank else _MISSING
    texts = [text.replace("\r\n", "\n") for text in reader.data.getlist(name)]
    if widget in {"list", "textarea", "multiselect"} and _is_list(schema):
        return _entries(reader, given, widget, texts, blank=blank)
    return _single(reader, given, schema, widget, texts[-1], loc, nullable=nullable)


def _secret(reader: _Reader, name: str) -> Any:
    """Return what was typed; nothing typed leaves a stored secret as it is."""
    if reader.partial:
        return _MISSING
    if reader.data.get(f"{name}:clear"):
        return None
    return reader.data.get(name) or _MISSING


def _file(reader: _Reader, name: str, loc: tuple[str | int, ...]) -> Any:
    upload = reader.files.get(name)
    if upload is None:
        return _MISSING
    if (upload.size or 0) > MOST_FILE_BYTES:
        text = _("is larger than %(kib)d KiB") % {"kib": MOST_FILE_BYTES >> 10}
        reader.errors.append(FieldError(loc, text))
        return _MISSING
    return file_inputs.as_input(upload.name or "", upload.read())


def _is_list(schema: Schema) -> bool:
    return schema.get("type") == "array"


def _checked(reader: _Reader, name: str, blank: bool) -> Any:
    text = reader.data.get(name)
    if text is None:
        # A box that is not ticked is not sent.
        return _MISSING if reader.partial or blank else False
    return str(text).lower() not in {"false", "off", "no", "0", ""}


def _group(
    reader: _Reader,
    schema: Schema,
    name: str,
    loc: tuple[str | int, ...],
    *,
    nullable: bool,
    required: bool,
) -> Any:
    inner = _object(reader, schema, name + ".", loc, blank=nullable)
    if inner:
        return inner
    if nullable and not reader.partial:
        return None
    return {} if required and not reader.partial else _MISSING


def _rows(reader: _Reader, schema: Schema, name: str, loc: tuple[str | int, ...]) -> Any:
    indexes = [index for index in reader.data.getlist(f"{name}[]") if index != NEW_ROW]
    if not indexes and reader.partial:
        return _MISSING
    items, _nullable = without_null(schema["items"], reader.root)
    gone = reader.data.get("_remove", "")
    kept = [index for index in dict.fromkeys(indexes) if f"{name}[{index}]" != gone][:MOST_ROWS]
    rows = [
        _object(reader, items, f"{name}[{index}].", (*loc, number), blank=False)
        for number, index in enumerate(kept)
    ]
    return [*rows, {}] if reader.data.get("_add") == name else rows


def _entries(reader: _Reader, given: Schema, widget: str, texts: list[str], *, blank: bool) -> Any:
    if widget == "textarea":
        texts = [line for text in texts for line in text.split("\n")]
    texts = [text.strip() for text in texts if text.strip()]
    if not texts:
        return _MISSING if blank else []
    if len(texts) == 1 and widget != "list" and texts[0].startswith("["):
        # Not JSON: a line may well start with a bracket.
        return texts
    return _coerced(reader, given, texts)


def _coerced(reader: _Reader, given: Schema, texts: list[str]) -> Any:
    whole = {"properties": {"value": given}, "$defs": reader.root.get("$defs", {})}
    return input_rules.coerce(whole, {"value": texts})["value"]


def _single(
    reader: _Reader,
    given: Schema,
    schema: Schema,
    widget: str,
    text: str,
    loc: tuple[str | int, ...],
    *,
    nullable: bool,
) -> Any:
    if not text.strip():
        if nullable and not reader.partial:
            return None
        # An empty text is a value only where no text is needed and the default is one.
        default = resolve(given, reader.root).get("default")
        is_text = widget in {"text", "textarea"} and isinstance(default, str)
        return "" if is_text and not reader.partial else _MISSING
    if widget == "datetime":
        return _moment(reader, text, loc)
    if widget == "duration":
        return _length(reader, text, loc)
    if widget in {"date", "record", "textarea"}:
        return text
    return _coerced(reader, given, [text.strip() if widget != "text" else text])


def _moment(reader: _Reader, text: str, loc: tuple[str | int, ...]) -> str:
    try:
        when = parse_datetime(text.strip())
    except ValueError:
        when = None
    if when is None:
        reader.errors.append(FieldError(loc, _("is not a date and time")))
        return text
    return (timezone.make_aware(when) if timezone.is_naive(when) else when).isoformat()


def _length(reader: _Reader, text: str, loc: tuple[str | int, ...]) -> str:
    length = parse_length(text)
    if length is None:
        message = _("is not a length of time: write 90s, 15m, 1h 30m or 2d")
        reader.errors.append(FieldError(loc, message))
        return text
    return duration_iso_string(length)


def parse_length(text: str) -> timedelta | None:
    """Return the length of time that ``text`` (``90``, ``1h 30m``, ``PT5M``) names, or None."""
    text = text.strip()
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return timedelta(seconds=float(text))
        if not text:
            return None
        if match := _LENGTH.fullmatch(text):
            days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
            return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return parse_duration(text)
    except (ValueError, OverflowError):
        return None
