"""Filters of a list of records: ``?filter.<field>=<value>`` for fields of a plain type."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from toolkits import inputs
from toolkits.models import Record
from toolkits.schemas import Schema, properties, without_null

PREFIX = "filter."
_PLAIN = frozenset({"string", "integer", "number", "boolean"})


def fields(described: dict[str, Any]) -> dict[str, Schema]:
    """The fields that can be filtered by, with the schema of each. Secrets are never among them."""
    schema = described["schema"]
    found = {}
    for name, given in properties(schema).items():
        inner, _ = without_null(given, schema)
        if inner.get("type") in _PLAIN and name not in described.get("secret_fields", []):
            found[name] = inner
    return found


def apply(
    request: Request, described: dict[str, Any], records: QuerySet[Record]
) -> QuerySet[Record]:
    """Narrow ``records`` by the query, and refuse a parameter that does not exist."""
    known = fields(described)
    wanted = {}
    for name in request.query_params:
        if name in {"cursor", "limit"}:
            continue
        field = name.removeprefix(PREFIX)
        if field == name or field not in known:
            listed = ", ".join(["cursor", "limit", *(PREFIX + field for field in known)])
            raise ValidationError({name[:100]: f"is not a parameter here (known: {listed})"})
        wanted[f"data__{field}"] = _value(name, request.query_params[name], field, described)
    return records.filter(**wanted)


def _value(parameter: str, text: str, field: str, described: dict[str, Any]) -> Any:
    schema = {**described["schema"], "required": []}
    value = inputs.coerce(schema, {field: [text]})[field]
    kind = fields(described)[field]["type"]
    fits = {"string": str, "integer": int, "number": int | float, "boolean": bool}[kind]
    if not isinstance(value, fits):
        raise ValidationError({parameter: f"must be of type {kind}"})
    return value
