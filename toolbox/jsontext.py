"""JSON as RFC 8259 means it, within limits: what Python's reader lets through is refused here."""

from __future__ import annotations

import json
import re
from typing import Any

_DEEPEST = 64
_LONGEST_NUMBER = 400
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
# No database takes a NUL in a text, and a lone surrogate cannot be encoded at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class JsonError(ValueError):
    """A text that is not JSON, or is JSON that nothing here can hold."""


def parse(data: bytes) -> Any:
    """Return the value that ``data`` holds. Raises ``JsonError`` with the reason."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonError(f"it is not UTF-8 at byte {error.start}") from None
    if text.startswith("\ufeff"):
        raise JsonError("it begins with a byte order mark")
    _check_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer
        )
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    if "\\u" in text or "\x00" in text:
        check_texts(value)
    return value


def storable(text: str) -> bool:
    """Whether a database can hold ``text``."""
    return _UNSTORABLE.search(text) is None


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if depth > _DEEPEST:
            raise JsonError(f"it is nested deeper than {_DEEPEST} levels")


def check_texts(value: Any) -> None:
    """Raise ``JsonError`` if a text anywhere in ``value`` cannot be kept in a database."""
    if isinstance(value, str) and not storable(value):
        raise JsonError("it holds a NUL or half of a surrogate pair, which cannot be kept")
    if isinstance(value, list):
        for item in value:
            check_texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_texts(key)
            check_texts(item)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonError(f"it has the key {json.dumps(twice[:60])} twice")
    return found


def _constant(name: str) -> Any:
    raise JsonError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise JsonError("it holds a number that is too long")
    return int(digits)
