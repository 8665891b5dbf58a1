"""``--input key=value``: text of a command line as the JSON that an operation takes.

The operation's JSON Schema tells the types. What does not fit is sent as text, so that the
server names it: its checks are the ones that count.
"""

from __future__ import annotations

import base64
import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from toolbox_cli.errors import USAGE, ClientError

Schema = dict[str, Any]
_YES = {"true", "yes", "on", "1"}
_NO = {"false", "no", "off", "0"}


def read(schema: Schema, pairs: Iterable[str], whole: str = "") -> dict[str, Any]:
    """All inputs: those of ``whole``, a JSON object, and the pairs, which win."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ClientError(f"{pair!r} is not of the form KEY=VALUE.", USAGE)
        grouped[key].append(value)
    return {**_whole(whole), **_object(schema, grouped, schema)}


def secrets(schema: Schema) -> list[str]:
    """The inputs that must not be on a command line."""
    found = schema.get("properties", {})
    return [name for name, given in found.items() if _plain(given, schema).get("x-secret")]


def _whole(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(_content(text[1:]) if text.startswith("@") else text)
    except ValueError as error:
        raise ClientError(f"--inputs is not JSON: {error}", USAGE) from None
    if not isinstance(value, dict):
        raise ClientError("--inputs must be a JSON object.", USAGE)
    return value


def _object(schema: Schema, grouped: dict[str, list[str]], root: Schema) -> dict[str, Any]:
    known = schema.get("properties", {})
    found: dict[str, Any] = {}
    inner: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for key, texts in grouped.items():
        name, dot, rest = key.partition(".")
        if dot and key not in known and name in known:
            inner[name][rest] = texts
        else:
            found[key] = _value(known.get(key, {}), texts, root)
    for name, parts in inner.items():
        found[name] = _object(_plain(known[name], root), parts, root)
    return found


def _value(given: Schema, texts: list[str], root: Schema) -> Any:
    wanted = _plain(given, root)
    if wanted.get("type") == "array":
        return _list(wanted.get("items") or {}, texts, root)
    return _one(wanted, texts[-1], root)


def _list(items: Schema, texts: list[str], root: Schema) -> Any:
    if len(texts) == 1 and texts[0].lstrip().startswith("["):
        return _json(texts[0])
    inner = _plain(items, root)
    if inner.get("type") in {"integer", "number"}:
        texts = [part.strip() for text in texts for part in text.split(",")]
    return [_one(inner, text, root) for text in texts if text]


def _one(wanted: Schema, text: str, root: Schema) -> Any:
    if wanted.get("x-file") and text.startswith("@"):
        return _file(text[1:])
    if text == "" and wanted.get("nullable"):
        return None
    if text.startswith("@@"):
        text = text[1:]
    elif text.startswith("@"):
        text = _content(text[1:]).rstrip("\n")
    if options := wanted.get("anyOf"):
        tried = (_one(_plain(option, root), text, root) for option in options)
        return next((value for value in tried if not isinstance(value, str)), text)
    if "enum" in wanted:
        return next((value for value in wanted["enum"] if str(value) == text), text)
    return _typed(str(wanted.get("type", "")), text)


def _typed(kind: str, text: str) -> Any:
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return text
    if kind == "boolean":
        lowered = text.lower()
        return True if lowered in _YES else False if lowered in _NO else text
    return _json(text) if kind in {"object", ""} else text


def _plain(schema: Schema, root: Schema) -> Schema:
    """A schema without references, and without its null alternative (``nullable`` says so)."""
    for _ in range(32):
        if "$ref" not in schema:
            break
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target.get(part, {})
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    options = schema.get("anyOf") or schema.get("oneOf")
    if not options:
        return schema
    kept = [option for option in options if option.get("type") != "null"]
    outer = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
    outer["nullable"] = len(kept) < len(options)
    return {**_plain(kept[0], root), **outer} if len(kept) == 1 else {**outer, "anyOf": kept}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _content(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read()
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ClientError(f"{name} cannot be read: {error}", USAGE) from None


def _file(name: str) -> dict[str, str]:
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise ClientError(f"{name} cannot be read: {error.strerror}", USAGE) from None
    return {"name": Path(name).name, "content": base64.b64encode(content).decode()}
