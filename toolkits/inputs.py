"""Inputs of operations and data of records: from text to JSON types, checked by schema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext, gettext_lazy
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match

from toolkits.errors import FieldError
from toolkits.schemas import Schema, properties, resolve, without_null

MAX_BYTES = 1 << 20
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})


def defaults(schema: Schema) -> dict[str, Any]:
    """The default of every property that has one."""
    return {
        name: found["default"]
        for name, given in properties(schema).items()
        if "default" in (found := resolve(given, schema))
    }


def complete(schema: Schema, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``inputs`` with the defaults of what they leave out."""
    return {**defaults(schema), **inputs}


def coerce(schema: Schema, pairs: Mapping[str, list[str]]) -> dict[str, Any]:
    """Turn text from a command line or form into the schema's JSON types.

    A key given several times makes a list; a value that starts with a bracket or brace is
    read as JSON where a list or object is wanted; ``outer.inner`` reaches into an object.
    Text that does not fit stays text, so that ``validate`` names it.
    """
    known = properties(schema)
    result: dict[str, Any] = {}
    for key, texts in pairs.items():
        name, _, inner = key.partition(".")
        if inner and name in known and key not in known:
            nested = resolve(without_null(known[name], schema)[0], schema)
            nested = {**nested, "$defs": schema.get("$defs", {})}
            result.setdefault(name, {}).update(coerce(nested, {inner: texts}))
        else:
            result[key] = _coerce_texts(known.get(key, {}), texts, schema)
    return result


def _coerce_texts(given: Schema, texts: list[str], root: Schema) -> Any:
    found, nullable = without_null(given, root)
    if nullable and texts in ([], [""]):
        return None
    if _type(found) == "array":
        if len(texts) == 1 and texts[0].lstrip().startswith("["):
            return _json_or_text(texts[0])
        items = found.get("items", {})
        if _type(without_null(items, root)[0]) in {"integer", "number"}:
            texts = [part for text in texts for part in text.split(",")]
        return [_coerce_texts(items, [text.strip()], root) for text in texts if text.strip()]
    return _coerce_text(found, texts[-1] if texts else "", root)


def _type(schema: Schema) -> str:
    if "anyOf" in schema and any(option.get("type") == "array" for option in schema["anyOf"]):
        return "array"
    kind = schema.get("type", "")
    return kind if isinstance(kind, str) else next((k for k in kind if k != "null"), "")


def _coerce_text(schema: Schema, text: str, root: Schema) -> Any:
    if "anyOf" in schema:
        tried = [_coerce_text(resolve(option, root), text, root) for option in schema["anyOf"]]
        options = zip(schema["anyOf"], tried, strict=True)
        fits = (value for option, value in options if _fits(option, value, root))
        return next(fits, text)
    if "enum" in schema:
        return next((value for value in schema["enum"] if str(value) == text), text)
    kind = _type(schema)
    if kind in {"integer", "number"}:
        return _number(text, whole=kind == "integer")
    if kind == "boolean":
        lowered = text.strip().lower()
        return True if lowered in _TRUE else False if lowered in _FALSE else text
    if kind in {"object", "array"} or not kind:
        return _json_or_text(text)
    return text


def _number(text: str, *, whole: bool) -> Any:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return text


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _fits(option: Schema, value: Any, root: Schema) -> bool:
    schema = {**resolve(option, root), "$defs": root.get("$defs", {})}
    return bool(Draft202012Validator(schema).is_valid(value))


def validate(schema: Schema, inputs: Any) -> list[FieldError]:
    """Return everything that is wrong with ``inputs``, at most one error for each place."""
    if len(json.dumps(inputs)) > MAX_BYTES:
        return [
            FieldError(
                (),
                gettext("larger than the limit of %(max_bytes)s bytes")
                % {"max_bytes": f"{MAX_BYTES:,}"},
            )
        ]
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return list(_field_errors(validator.iter_errors(inputs)))


def _field_errors(errors: Iterable[ValidationError]) -> Iterable[FieldError]:
    seen = set()
    for error in errors:
        for loc, message in _explain(error):
            if loc not in seen:
                seen.add(loc)
                yield FieldError(loc, message)


def _explain(error: Any) -> Iterable[tuple[tuple[str | int, ...], str]]:
    loc = tuple(error.absolute_path)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        yield from (((*loc, name), gettext("is required")) for name in missing)
    elif error.validator == "additionalProperties":
        allowed = error.schema.get("properties", {})
        extra = [name for name in error.instance if name not in allowed]
        text = gettext("is not an input (known: %(known)s)") % {
            "known": ", ".join(allowed) or gettext("none")
        }
        yield from (((*loc, name), text) for name in extra)
    elif error.validator in {"anyOf", "oneOf"} and error.context:
        real = [inner for inner in error.context if inner.validator_value != "null"]
        # Of the branch that is meant: the one that the type fits.
        meant = [inner for inner in real if inner.validator != "type"]
        inner = best_match(meant or real or error.context)
        yield from _explain(inner)
    else:
        yield loc, _message(error)


_MESSAGES = {
    "type": gettext_lazy("must be of type %(wanted)s, but is %(shown)s"),
    "enum": gettext_lazy("must be one of %(wanted)s, but is %(shown)s"),
    "minimum": gettext_lazy("must be at least %(wanted)s, but is %(shown)s"),
    "maximum": gettext_lazy("must be at most %(wanted)s, but is %(shown)s"),
    "exclusiveMinimum": gettext_lazy("must be more than %(wanted)s, but is %(shown)s"),
    "exclusiveMaximum": gettext_lazy("must be less than %(wanted)s, but is %(shown)s"),
    "minItems": gettext_lazy("needs at least %(wanted)s entries"),
    "maxItems": gettext_lazy("takes at most %(wanted)s entries"),
    "uniqueItems": gettext_lazy("has an entry twice"),
    "minLength": gettext_lazy("needs at least %(wanted)s characters"),
    "maxLength": gettext_lazy("takes at most %(wanted)s characters"),
    "pattern": gettext_lazy("%(shown)s does not fit: %(wanted)s"),
    "format": gettext_lazy("is not a valid %(wanted)s: %(shown)s"),
}


def _message(error: Any) -> str:
    wanted = error.validator_value
    if error.validator == "minLength" and wanted == 1:
        return gettext("must not be empty")
    text = _MESSAGES.get(error.validator)
    if text is None:
        return str(error.message)[:300]
    shown = json.dumps(error.instance, ensure_ascii=False)
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    if error.validator == "enum":
        wanted = ", ".join(map(str, wanted))
    elif error.validator == "pattern":
        # A pattern is no help to a person: its schema says in words what is expected.
        wanted = error.schema.get("x-says") or error.schema.get("description") or wanted
    return str(text) % {"wanted": wanted, "shown": shown}
