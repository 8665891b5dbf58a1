"""OpenAPI and Swagger documents as requests."""

from __future__ import annotations

import json
from typing import Any

import yaml
from toolkit_sdk import ToolkitError

from api_toolkit.app import SavedRequest
from api_toolkit.parts import Assertion, Pair

_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
_DEPTH = 8
_LARGEST_SCHEMA = 90_000


def load(text: str, field: str = "text") -> dict[str, Any]:
    """Read a document in JSON or YAML. Raises ``ToolkitError`` at the input ``field``."""
    try:
        # Every JSON document is YAML too, but JSON is read faster and with better messages.
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise ToolkitError(f"it cannot be read: {_told(error)}.", field=field) from None
    if not isinstance(found, dict) or not isinstance(found.get("paths"), dict):
        raise ToolkitError("it is no OpenAPI document: it has no paths.", field=field)
    version = str(found.get("openapi") or found.get("swagger") or "")
    if not version.startswith(("2", "3")):
        raise ToolkitError(
            f"OpenAPI {version or 'of no version'} is not known; 2.0 and 3.x are.", field=field
        )
    return found


def _told(error: Exception) -> str:
    """What a parser says, in one line, with its place."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is not None and problem:
        return f"{problem}, line {mark.line + 1} column {mark.column + 1}"
    return " ".join(str(error).split())[:300] or type(error).__name__


def base_url(document: dict[str, Any]) -> str:
    """The address that the document names first, if it names one."""
    servers = document.get("servers")
    if isinstance(servers, list) and servers and isinstance(servers[0], dict):
        url = str(servers[0].get("url") or "")
        for name, variable in (servers[0].get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str((variable or {}).get("default", "")))
        return url.rstrip("/")
    if host := document.get("host"):
        schemes = document.get("schemes") or ["https"]
        return f"{schemes[0]}://{host}{document.get('basePath') or ''}".rstrip("/")
    return ""


def requests(document: dict[str, Any], collection: str, *, schemas: bool) -> list[SavedRequest]:
    """A request for each operation, with example values and the expected status."""
    found = []
    for path, given in document["paths"].items():
        item = _resolved(document, given)
        for method in _METHODS:
            operation = item.get(method)
            if isinstance(operation, dict):
                reader = _Reader(document, item, operation)
                position = min(10_000, len(found))
                found.append(reader.request(method, str(path), collection, position, schemas))
    if not found:
        raise ToolkitError("it has no operations.", field="text")
    return found


def _resolved(document: dict[str, Any], value: Any) -> dict[str, Any]:
    """Follow references within the document."""
    for _ in range(_DEPTH):
        if not isinstance(value, dict):
            return {}
        reference = value.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return value
        value = document
        for part in reference[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            value = value.get(name) if isinstance(value, dict) else None
    return {}


class _Reader:
    def __init__(
        self, document: dict[str, Any], item: dict[str, Any], operation: dict[str, Any]
    ) -> None:
        self.document, self.operation = document, operation
        given = [*(item.get("parameters") or []), *(operation.get("parameters") or [])]
        self.parameters = [_resolved(document, one) for one in given]

    def request(
        self, method: str, path: str, collection: str, position: int, schemas: bool
    ) -> SavedRequest:
        name = self.operation.get("operationId") or f"{method.upper()} {path}"
        made: dict[str, Any] = self._body() if method not in ("get", "head") else {}
        return SavedRequest(
            name=str(name)[:200],
            collection=collection,
            position=position,
            method=method.upper(),  # type: ignore[arg-type]
            url="{{base_url}}" + path.replace("{", "{{").replace("}", "}}"),
            query=self._pairs("query"),
            headers=self._pairs("header"),
            assertions=self._assertions(schemas),
            tags=[str(tag)[:50] for tag in (self.operation.get("tags") or [])[:20]],
            note=str(self.operation.get("summary") or self.operation.get("description") or "")[
                :1000
            ],
            **{**made, **self._auth()},
        )

    def _pairs(self, where: str) -> list[Pair]:
        return [
            Pair(name=str(one["name"]), value=self._value(one))
            for one in self.parameters
            if one.get("in") == where and one.get("required") and one.get("name")
        ]

    def _value(self, parameter: dict[str, Any]) -> str:
        schema = _resolved(self.document, parameter.get("schema") or parameter)
        for source in (parameter, schema):
            for key in ("example", "default"):
                if key in source:
                    value = source[key]
                    return value if isinstance(value, str) else json.dumps(value, default=str)
        if schema.get("enum"):
            return str(schema["enum"][0])
        return f"{{{{{parameter['name']}}}}}"

    def _body(self) -> dict[str, Any]:
        for one in self.parameters:
            if one.get("in") == "body":
                return self._json(one.get("schema") or {})
        content = _resolved(self.document, self.operation.get("requestBody")).get("content") or {}
        for kind, media in content.items():
            if "json" in kind:
                if "example" in media:
                    return {
                        "body_kind": "json",
                        "body": json.dumps(media["example"], indent=2, default=str),
                    }
                return self._json(media.get("schema") or {})
            if "form-urlencoded" in kind:
                example = self.example(media.get("schema") or {})
                pairs = example.items() if isinstance(example, dict) else ()
                return {"body_kind": "form", "form": [Pair(name=k, value=str(v)) for k, v in pairs]}
        return {}

    def _json(self, schema: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(self.example(schema), indent=2, default=str)
        return {"body_kind": "json", "body": text}

    def example(self, schema: Any, depth: int = 0) -> Any:
        """A value that fits a schema, from its examples where it has any."""
        schema = _resolved(self.document, schema)
        for key in ("example", "default", "const"):
            if key in schema:
                return schema[key]
        if schema.get("examples"):
            return schema["examples"][0]
        if schema.get("enum"):
            return schema["enum"][0]
        if parts := schema.get("allOf"):
            merged: dict[str, Any] = {}
            for part in parts:
                value = self.example(part, depth + 1)
                merged |= value if isinstance(value, dict) else {}
            return merged
        if options := schema.get("oneOf") or schema.get("anyOf"):
            return self.example(options[0], depth + 1)
        return self._plain(schema, depth)

    def _plain(self, schema: dict[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        kind = (
            next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
        )
        if depth > _DEPTH:
            return None
        if kind == "array":
            return [self.example(schema.get("items") or {}, depth + 1)]
        if kind == "object" or "properties" in schema:
            wanted = schema.get("required") or list(schema.get("properties") or {})
            known = schema.get("properties") or {}
            return {name: self.example(known[name], depth + 1) for name in wanted if name in known}
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        return {"string": schema.get("format") or "text", "boolean": True}.get(str(kind))

    def _auth(self) -> dict[str, Any]:
        security = self.operation.get("security", self.document.get("security")) or []
        known = (self.document.get("components") or {}).get("securitySchemes")
        known = known or self.document.get("securityDefinitions") or {}
        for entry in security:
            for name in entry or {}:
                scheme = _resolved(self.document, known.get(name))
                kind, how = scheme.get("type"), str(scheme.get("scheme") or "").lower()
                if kind == "apiKey":
                    query = "?" if scheme.get("in") == "query" else ""
                    return {"auth": "api key", "key_name": f"{query}{scheme.get('name')}"[:100]}
                if kind == "basic" or how == "basic":
                    return {"auth": "basic"}
                return {"auth": "bearer"}
        return {}

    def _assertions(self, schemas: bool) -> list[Assertion]:
        responses = self.operation.get("responses") or {}
        good = sorted(str(status) for status in responses if str(status)[:1] == "2")
        found = [Assertion(what="status", value=good[0].lower() if good else "2xx")]
        if not schemas or not good:
            return found
        response = _resolved(self.document, responses.get(good[0]) or responses.get(int(good[0])))
        schema = response.get("schema")
        for kind, media in (response.get("content") or {}).items():
            if "json" in kind:
                schema = media.get("schema")
        if isinstance(schema, dict) and (text := self._whole(schema)):
            found.append(Assertion(what="schema", value=text))
        return found

    def _whole(self, schema: dict[str, Any]) -> str | None:
        """The schema with all that it refers to, so that it stands by itself."""
        whole = dict(_without_nullable(schema))
        for part in ("components", "definitions"):
            if part in self.document and "$ref" in json.dumps(schema, default=str):
                kept = self.document[part]
                whole[part] = _without_nullable(
                    {"schemas": kept.get("schemas", {})} if part == "components" else kept
                )
        text = json.dumps(whole, default=str)
        return text if len(text) <= _LARGEST_SCHEMA else None


def _without_nullable(value: Any) -> Any:
    """OpenAPI 3.0 writes ``nullable``, where JSON Schema has the type null."""
    if isinstance(value, list):
        return [_without_nullable(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _without_nullable(one) for key, one in value.items() if key != "nullable"}
    if value.get("nullable") is True:
        return {"anyOf": [found, {"type": "null"}]}
    return found
