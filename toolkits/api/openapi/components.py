"""Toolkits' own JSON Schemas as components of the OpenAPI document."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from toolkits.schemas import Schema, properties, resolve, without_null

REF = "#/components/schemas/"
_DEFS = "#/$defs/"


def identifier(*parts: str) -> str:
    """A name that generators of clients can take: letters, digits and underscores."""
    return "_".join(re.sub(r"\W", "_", part) for part in parts)


class Names:
    """What the components and operations of each thing of a toolkit begin with: its names, and
    where those of another thing read the same (``a-b`` and ``a_b``), a digest besides."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._owners: dict[str, tuple[str, ...]] = {}
        self._general = {
            operation["operationId"]
            for item in document["paths"].values()
            for operation in item.values()
        }

    def prefix(self, kind: str, *parts: str) -> str:
        """What the names of one thing begin with."""
        plain, owner = identifier(*parts), (kind, *parts)
        general = any(name.startswith(f"{plain}_") for name in self._general)
        if not general and self._owners.setdefault(plain, owner) == owner:
            return plain
        digest = hashlib.sha256("\0".join(owner).encode()).hexdigest()
        return identifier(plain, digest[:8])


def add(components: dict[str, Any], name: str, schema: Schema) -> Schema:
    """Add ``schema`` as a component, its definitions beside it, and return a reference."""
    own = dict(schema)
    for key, definition in own.pop("$defs", {}).items():
        components[identifier(name, key)] = _moved(definition, name)
    components[name] = _moved(own, name)
    for made in [name, *(identifier(name, key) for key in schema.get("$defs", {}))]:
        # Generators of clients name classes by it, and drop those of two toolkits that share one.
        components[made].pop("title", None)
    return {"$ref": REF + name}


def _moved(value: Any, name: str) -> Any:
    """The value with its references led to where the definitions now are."""
    if isinstance(value, list):
        return [_moved(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _moved(item, name) for key, item in value.items()}
    ref = value.get("$ref")
    if isinstance(ref, str) and ref.startswith(_DEFS):
        found["$ref"] = REF + identifier(name, ref.removeprefix(_DEFS))
    return found


@cache
def _views() -> dict[str, Any]:
    path = Path(__file__).with_name("view_schemas.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def view_components() -> dict[str, Any]:
    """The views that an operation may return."""
    return dict(_views()["components"])


def result_schema(returns: str) -> Schema:
    """The schema of a result: that of its view, or anything."""
    reference = _views()["views"].get(returns)
    return {"anyOf": [{"$ref": reference}, {"type": "null"}]} if reference else {}


def example(schema: Schema) -> dict[str, Any]:
    """A body that shows what a client may send: required fields, and defaults of the others."""
    return {name: _value(given, schema, name) for name, given in properties(schema).items()}


_BY_FORMAT = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00",
    "duration": "PT1M",
    "uuid": "0198a1b2-0000-7000-8000-000000000000",
    "email": "sre@example.com",
    "uri": "https://example.com/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "password": "a secret",
}


def _value(given: Schema, root: Schema, name: str, depth: int = 0) -> Any:
    given = resolve(given, root)
    for key in ("default", "const"):
        if key in given:
            return given[key]
    if examples := given.get("examples"):
        return examples[0]
    found, nullable = without_null(given, root)
    if nullable or depth > 3:
        return None
    return _of_type(found, root, name, depth)


def _of_type(found: Schema, root: Schema, name: str, depth: int) -> Any:
    if "enum" in found:
        return found["enum"][0]
    if options := found.get("anyOf"):
        return _value(options[0], root, name, depth + 1)
    match found.get("type"):
        case "array":
            return [_value(found["items"], root, name, depth + 1)] if "items" in found else []
        case "object":
            inner = found.get("properties", {})
            return {key: _value(item, root, key, depth + 1) for key, item in inner.items()}
        case "integer" | "number":
            return found.get("minimum", 1)
        case "boolean":
            return False
        case "string":
            return _BY_FORMAT.get(found.get("format", ""), name)
    return None
