"""What a toolkit adds to the OpenAPI document: a path with a schema of its own for each
operation and each collection, and for its settings, so that generated clients are typed.

Every such path is the general one with a toolkit's names filled in, so it is made from the
general path's description, and can promise nothing that the general one does not.
"""

from __future__ import annotations

import copy
from typing import Any

from toolkits.api.openapi.components import REF, Names, add, example, result_schema
from toolkits.api.operations.forms import file_names
from toolkits.api.records.filters import PREFIX
from toolkits.api.records.filters import fields as filter_fields
from toolkits.models import Toolkit
from toolkits.schemas import properties, secret_names

Document = dict[str, Any]
_V1 = "/api/v1/toolkits/"
_OPERATION = _V1 + "{slug}/operations/{name}/"
_RECORDS = _V1 + "{slug}/records/{collection}/"
_SETTINGS = _V1 + "{slug}/settings/"
_JSON = "application/json"


def add_operation(
    document: Document, names: Names, toolkit: Toolkit, described: dict[str, Any]
) -> None:
    """Describe the address of one operation."""
    slug, name = toolkit.slug, described["name"]
    prefix = names.prefix("operation", slug, name)
    item = _filled(document, _OPERATION, toolkit, {"slug": slug, "name": name}, prefix)
    components = document["components"]["schemas"]
    inputs = add(components, f"{prefix}_Inputs", described["inputs"])
    job = add(components, f"{prefix}_Job", _job(result_schema(described["returns"])))
    run = item["post"]
    run["summary"] = described["title"]
    run["description"] = described.get("description") or ""
    run["x-effect"] = described["effect"]
    _body(run, inputs, example(described["inputs"]), required=_needs_body(described["inputs"]))
    if files := file_names(described["inputs"]):
        run["requestBody"]["content"]["multipart/form-data"] = _form(described["inputs"], files)
    if not described.get("dry_run"):
        run["parameters"] = [p for p in run["parameters"] if p["name"] != "dry_run"]
    for status in ("200", "202"):
        run["responses"][status]["content"] = {_JSON: {"schema": job}}


def _form(schema: dict[str, Any], files: dict[str, bool]) -> dict[str, Any]:
    file = {"type": "string", "format": "binary"}
    text: dict[str, Any] = {"type": "string", "description": "JSON for what is not a plain text."}
    parts = {
        name: ({"type": "array", "items": file} if files[name] else file) if name in files else text
        for name in properties(schema)
    }
    return {"schema": {"type": "object", "properties": parts}}


def _job(result: Any) -> dict[str, Any]:
    typed = {"type": "object", "properties": {"result": result}}
    return {"allOf": [{"$ref": f"{REF}JobDetail"}, typed]}


def _needs_body(schema: dict[str, Any]) -> bool:
    return bool(schema.get("required"))


def add_collection(
    document: Document, names: Names, toolkit: Toolkit, described: dict[str, Any]
) -> None:
    """Describe the addresses of one collection."""
    slug, name = toolkit.slug, described["name"]
    prefix = names.prefix("collection", slug, name)
    components = document["components"]["schemas"]
    data = add(components, f"{prefix}_Data", described["schema"])
    changes = add(components, f"{prefix}_Changes", _optional(described["schema"]))
    stored = add(components, f"{prefix}_Stored", _stored(described["schema"]))
    record = add(components, f"{prefix}_Record", _record(stored))
    page = add(components, f"{prefix}_Page", _page(record))
    parts = {"slug": slug, "collection": name}
    shown = example(described["schema"])

    item = _filled(document, _RECORDS, toolkit, parts, prefix)
    item["get"]["parameters"] += _filters(described)
    item["get"]["responses"]["200"]["content"] = {_JSON: {"schema": page}}
    item["post"]["responses"]["201"]["content"] = {_JSON: {"schema": record}}
    _body(item["post"], data, shown, required=_needs_body(described["schema"]))

    item = _filled(document, _RECORDS + "{record_id}/", toolkit, parts, prefix)
    for method in ("get", "put", "patch"):
        item[method]["responses"]["200"]["content"] = {_JSON: {"schema": record}}
    _body(item["put"], changes, shown, required=False)
    _body(item["patch"], changes, shown, required=False)

    item = _filled(document, _RECORDS + "import/", toolkit, parts, prefix)
    item["post"]["requestBody"]["content"][_JSON] = {"schema": {"type": "array", "items": data}}
    item = _filled(document, _RECORDS + "export/", toolkit, parts, prefix)
    rows = {"type": "array", "items": stored}
    item["get"]["responses"]["200"]["content"][_JSON] = {"schema": rows}


def _optional(schema: dict[str, Any]) -> dict[str, Any]:
    """The data with nothing required: secrets, or fields of a change, may be left out."""
    return {key: value for key, value in schema.items() if key != "required"}


def _stored(schema: dict[str, Any]) -> dict[str, Any]:
    """The data as it comes back: perhaps written by an earlier version, with secrets masked."""
    secrets = set(secret_names(schema))
    shown = {
        name: _MASKED if name in secrets else given for name, given in properties(schema).items()
    }
    return {**_optional(schema), "properties": shown, "additionalProperties": True}


_MASKED = {"type": ["string", "null"], "description": "A mask where it is set, never the value."}


def _record(data: dict[str, Any]) -> dict[str, Any]:
    typed = {"type": "object", "properties": {"data": data}}
    return {"allOf": [{"$ref": f"{REF}Record"}, typed]}


def _page(record: dict[str, Any]) -> dict[str, Any]:
    results = {"results": {"type": "array", "items": record}}
    typed = {"type": "object", "properties": results}
    return {"allOf": [{"$ref": f"{REF}RecordPage"}, typed]}


def _filters(described: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"in": "query", "name": PREFIX + name, "schema": {"type": schema["type"]}}
        for name, schema in filter_fields(described).items()
    ]


def add_settings(document: Document, names: Names, toolkit: Toolkit) -> None:
    """Describe the address of the settings."""
    schema = toolkit.settings_schema or {}
    prefix = names.prefix("settings", toolkit.slug)
    item = _filled(document, _SETTINGS, toolkit, {"slug": toolkit.slug}, prefix)
    settings = add(document["components"]["schemas"], f"{prefix}_Settings", schema)
    stored = add(document["components"]["schemas"], f"{prefix}_StoredSettings", _stored(schema))
    for method in ("get", "put", "patch"):
        item[method]["responses"]["200"]["content"] = {_JSON: {"schema": stored}}
    for method in ("put", "patch"):
        _body(item[method], settings, example(schema), required=False)


def _filled(
    document: Document, general: str, toolkit: Toolkit, names: dict[str, str], prefix: str
) -> dict[str, Any]:
    """The general path with names filled in, put into the document, for the caller to refine."""
    item: dict[str, Any] = copy.deepcopy(document["paths"][general])
    path = general
    for parameter, value in names.items():
        path = path.replace(f"{{{parameter}}}", value)
    for operation in item.values():
        what = operation["operationId"].partition("_")[2]
        operation["operationId"] = f"{prefix}_{what}"
        operation["tags"] = [toolkit.name]
        operation["parameters"] = [
            parameter
            for parameter in operation.get("parameters", [])
            if not (parameter["in"] == "path" and parameter["name"] in names)
        ]
    document["paths"][path] = item
    return item


def _body(
    operation: dict[str, Any], schema: dict[str, Any], shown: Any, *, required: bool
) -> None:
    content = operation["requestBody"]["content"]
    content[_JSON] = {"schema": schema, "example": shown}
    operation["requestBody"]["required"] = required
