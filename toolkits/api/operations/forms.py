"""Inputs as a form: for operations that take files, which JSON holds only as base64."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import UnsupportedMediaType, ValidationError
from rest_framework.request import Request

from toolkits import inputs as input_rules
from toolkits.file_inputs import as_input
from toolkits.schemas import Schema, properties, without_null


def file_names(schema: Schema) -> dict[str, bool]:
    """The inputs that are files; True for those that are a list of files."""
    found = {}
    for name, given in properties(schema).items():
        inner, _ = without_null(given, schema)
        item, _ = without_null(inner.get("items") or {}, schema)
        if inner.get("x-file") or item.get("x-file"):
            found[name] = not inner.get("x-file")
    return found


def inputs_of(request: Request, described: dict[str, Any]) -> dict[str, Any]:
    """The inputs that the body holds: a JSON object, or a form whose file parts bear the names
    of inputs and whose other parts are text."""
    if (request.content_type or "").startswith("multipart/"):
        return _from_form(request, described["inputs"])
    if not isinstance(request.data, dict):
        raise ValidationError("The body must be a JSON object of the operation's inputs.")
    return dict(request.data)


def _from_form(request: Request, schema: Schema) -> dict[str, Any]:
    files = file_names(schema)
    if not files:
        raise UnsupportedMediaType(request.content_type)
    texts = {name: request.POST.getlist(name) for name in request.POST}
    inputs = input_rules.coerce(schema, texts)
    for name in request.FILES:
        if name not in files:
            raise ValidationError({name: "is not an input that takes a file"})
        given = [as_input(file.name or "", file.read()) for file in request.FILES.getlist(name)]
        inputs[name] = given if files[name] else given[-1]
    return inputs
