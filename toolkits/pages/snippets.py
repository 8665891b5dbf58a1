"""The same run by other doors: as a link, a command line, a request with curl, JSON."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from toolkits import console
from toolkits.models import Toolkit
from toolkits.pages.widgets import shown, widget_of
from toolkits.schemas import Schema, properties, resolve, secret_names, without_null

_LONGEST_LINK = 4000


@dataclass(frozen=True)
class Snippets:
    """Texts to copy. ``link`` is empty where the inputs are too long for an address."""

    json: str
    curl: str
    cli: str
    link: str
    left_out: list[str]


def of(toolkit: Toolkit, described: dict[str, Any], inputs: dict[str, Any]) -> Snippets:
    """Return the ways to run an operation with ``inputs``, without what was secret."""
    schema = described["inputs"]
    open_inputs = console.storable(schema, inputs)
    name = described["name"]
    body = json.dumps(open_inputs, ensure_ascii=False)
    address = f"{settings.FRONTEND_BASE_URL}/api/v1/toolkits/{toolkit.slug}/operations/{name}/"
    query = urlencode(pairs(schema, open_inputs))
    form = reverse("operation-run", args=[toolkit.slug, name])
    link = f"{settings.FRONTEND_BASE_URL}{form}?{query}" if query else ""
    return Snippets(
        json=json.dumps(open_inputs, indent=2, ensure_ascii=False),
        curl=(
            f"curl {shlex.quote(address)} \\\n"
            '  -H "Authorization: Bearer $TOOLBOX_TOKEN" \\\n'
            "  -H 'Content-Type: application/json' \\\n"
            f"  -d {shlex.quote(body)}"
        ),
        cli=f"manage.py toolkit run {toolkit.slug} {name}{_flags(open_inputs, body)}",
        link=link if len(link) <= _LONGEST_LINK else "",
        left_out=secret_names(schema),
    )


def _flags(inputs: dict[str, Any], body: str) -> str:
    simple = all(_is_plain(value) for value in inputs.values())
    if not simple or any(value == [] or value is None for value in inputs.values()):
        return f" \\\n  --inputs {shlex.quote(body)}" if inputs else ""
    flags = ""
    for name, value in inputs.items():
        for one in value if isinstance(value, list) else [value]:
            flags += f" \\\n  --input {shlex.quote(f'{name}={_text(one)}')}"
    return flags


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, str | int | float) for one in value)
    return not isinstance(value, dict)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def pairs(schema: Schema, inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """Return inputs as the names and texts of their form, for the query of a link."""
    return list(_pairs(schema, schema, inputs, ""))


def _pairs(schema: Schema, root: Schema, inputs: dict[str, Any], prefix: str) -> Any:
    for name, given in properties(schema).items():
        if name not in inputs or inputs[name] == resolve(given, root).get("default"):
            continue
        inner, _nullable = without_null(given, root)
        value, widget, where = inputs[name], widget_of(inner, root), prefix + name
        if widget == "group" and isinstance(value, dict):
            yield from _pairs(inner, root, value, where + ".")
        elif widget == "rows" and isinstance(value, list):
            items, _nullable = without_null(inner["items"], root)
            for number, entry in enumerate(value):
                yield f"{where}[]", str(number)
                yield from _pairs(items, root, entry, f"{where}[{number}].")
        elif isinstance(value, bool):
            yield where, "on" if value else "off"
        else:
            texts = shown(inner, widget, value)
            for text in (texts or [""]) if isinstance(texts, list) else [texts]:
                yield where, str(text)
