"""Which widget a property of a schema is edited with, and how a value stands in it."""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime, parse_duration

from toolkits.schemas import Schema, properties, resolve, without_null

_FORMAT_WIDGETS = {
    "date-time": "datetime",
    "date": "date",
    "time": "time",
    "duration": "duration",
    "password": "password",
}
_MARKS = {"x-record": "record", "x-secret": "password", "x-file": "file"}
_NUMBERS = frozenset({"integer", "number"})
_LISTS = frozenset({"multiselect", "list"})


def widget_of(schema: Schema, root: Schema) -> str:
    """Return the widget that a property (without its null alternative) is edited with."""
    for mark, widget in _MARKS.items():
        if schema.get(mark):
            return widget
    if "enum" in schema or "const" in schema:
        return "select"
    if schema.get("x-choices") and schema.get("type") == "string":
        return "choices"
    if options := schema.get("anyOf") or schema.get("oneOf"):
        kinds = {resolve(option, root).get("type") for option in options}
        return "text" if kinds <= {"string", *_NUMBERS} else "json"
    return _plain_widget(schema, root)


def _plain_widget(schema: Schema, root: Schema) -> str:
    kind = schema.get("type")
    if kind == "array":
        return _list_widget(schema, root)
    if kind == "object":
        return "group" if properties(schema) else "json"
    if kind == "string":
        wanted = "textarea" if schema.get("x-widget") == "textarea" else "text"
        return _FORMAT_WIDGETS.get(str(schema.get("format")), wanted)
    if kind == "boolean":
        return "checkbox"
    return "number" if kind in _NUMBERS else "json"


def _list_widget(schema: Schema, root: Schema) -> str:
    items, nullable = without_null(schema.get("items") or {}, root)
    if nullable or not items or "prefixItems" in schema:
        return "json"
    inner = widget_of(items, root)
    if inner in {"select", "record"}:
        return "multiselect"
    if inner == "group":
        return "rows"
    if inner == "text":
        plain = items.get("type") == "string" and "format" not in items
        return "textarea" if plain and schema.get("x-widget") != "list" else "list"
    return "list" if inner in {"number", "datetime", "date", "time"} else "json"


# Words of names that people write in their own way.
_SPELLED = {
    **{word: word.upper() for word in (
        "api", "ca", "cidr", "cpu", "csv", "dns", "html", "http", "https", "icmp", "id", "ip",
        "json", "ldap", "pem", "sla", "slo", "sni", "sql", "ssh", "ssl", "tcp", "tls", "ttl", "udp",
        "url", "utc", "uuid", "vlan", "xml", "yaml",
    )},
    "ids": "IDs", "ipv4": "IPv4", "ipv6": "IPv6", "ips": "IPs", "urls": "URLs",
    "openapi": "OpenAPI",
}  # fmt: skip


def label_of(schema: Schema, name: str) -> str:
    """Return the label: the author's title, else the name in words."""
    title = str(schema.get("title") or "")
    if not title or title == name.replace("_", " ").title():
        words = [_SPELLED.get(word, word) for word in name.split("_")]
        return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])
    return title


def shown(schema: Schema, widget: str, value: Any) -> Any:
    """Return a JSON value as the widget holds it: text, a list of texts, or a bool."""
    if widget == "checkbox":
        return value is True
    if widget == "password" or (value is None and widget not in _LISTS):
        return ""
    if widget in _LISTS or (widget == "textarea" and isinstance(value, list)):
        entries = value if isinstance(value, list) else [] if value is None else [value]
        texts = [one if isinstance(one, str) else json.dumps(one) for one in entries]
        return "\n".join(texts) if widget == "textarea" else texts
    if widget == "json":
        return _json_text(value)
    if widget == "duration":
        return duration_text(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return _local(text) or text if widget == "datetime" else text


def _json_text(value: Any) -> str:
    try:
        if isinstance(value, str):
            json.loads(value)
    except (ValueError, RecursionError):
        # What was typed and could not be read: shown as it was.
        return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False)


def _local(text: str) -> str:
    try:
        when = parse_datetime(text)
    except ValueError:
        return ""
    if when is None:
        return ""
    local = timezone.localtime(when) if timezone.is_aware(when) else when
    return local.replace(tzinfo=None).isoformat(timespec="seconds")


def duration_text(value: Any) -> str:
    """Return an ISO 8601 duration as people write it: ``1h 30m``; other text as it is."""
    try:
        length = parse_duration(str(value))
    except ValueError:
        length = None
    if length is None:
        return str(value)
    seconds = length.total_seconds()
    if seconds <= 0 or seconds != int(seconds):
        return f"{seconds:g}s"
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(int(seconds), size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)
