"""Reading the JSON Schemas that toolkits describe their inputs and records with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def resolve(schema: Schema, root: Schema) -> Schema:
    """Follow ``$ref`` into the root's ``$defs``; what stands beside the reference wins."""
    seen = 0
    while "$ref" in schema and seen < 32:
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target.get(part.replace("~1", "/").replace("~0", "~"), {})
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        seen += 1
    return schema


def without_null(schema: Schema, root: Schema) -> tuple[Schema, bool]:
    """Return a property's schema without its null alternative, and whether it had one."""
    schema = resolve(schema, root)
    options = schema.get("anyOf") or schema.get("oneOf")
    if not options:
        return schema, schema.get("type") == "null"
    kept = [option for option in options if resolve(option, root).get("type") != "null"]
    nullable = len(kept) < len(options)
    outer = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
    if len(kept) == 1:
        return {**resolve(kept[0], root), **outer}, nullable
    return {**outer, "anyOf": kept}, nullable


def properties(schema: Schema) -> dict[str, Schema]:
    """The properties of an object schema, in order."""
    found: dict[str, Schema] = schema.get("properties", {})
    return found


def marked(schema: Schema, mark: str) -> Iterator[tuple[str, Any]]:
    """Yield the top-level properties that carry an extension such as ``x-secret``."""
    for name, given in properties(schema).items():
        inner, _ = without_null(given, schema)
        if value := inner.get(mark):
            yield name, value


def references(schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield the top-level properties that name records, one or a list, with the collection."""
    for name, given in properties(schema).items():
        inner, _ = without_null(given, schema)
        items = inner.get("items")
        inside = items.get("x-record") if isinstance(items, dict) else None
        if collection := inner.get("x-record") or inside:
            yield name, str(collection)


def secret_names(schema: Schema) -> list[str]:
    """Names of the top-level properties that hold secrets."""
    return [name for name, _ in marked(schema, "x-secret")]
