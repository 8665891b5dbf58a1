"""JSON as RFC 8259 means it: what the standard reader lets through is refused here."""

from __future__ import annotations

import json
import re
from typing import Any

from toolbox import jsontext
from toolkits.errors import BundleError

_DEEPEST = 32
_LARGEST = 1 << 20
_NUMBER = re.compile(r"-?\d{1,400}")


def parse(data: bytes, where: str) -> Any:
    """Return the value. Raises ``BundleError`` naming the file and, where known, the line."""
    if len(data) > _LARGEST:
        raise BundleError(f"larger than {_LARGEST:,} bytes", where=where)
    if data.startswith(b"\xef\xbb\xbf"):
        raise BundleError("begins with a byte order mark; save it as plain UTF-8", where=where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(f"is not UTF-8 at byte {error.start}", where=where) from None
    _check_depth(text, where)
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, where),
            parse_constant=lambda name: _constant(name, where),
            parse_int=lambda digits: _integer(digits, where),
        )
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise BundleError(f"is not JSON: {error.msg}", where=place) from None
    try:
        jsontext.check_texts(value)
    except jsontext.JsonError as error:
        raise BundleError(str(error).removeprefix("it "), where=where) from None
    return value


def _check_depth(text: str, where: str) -> None:
    depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if depth > _DEEPEST:
            raise BundleError(f"is nested deeper than {_DEEPEST} levels", where=where)


def _object(pairs: list[tuple[str, Any]], where: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BundleError(f"has the key {twice!r} twice", where=where)
    return found


def _constant(name: str, where: str) -> Any:
    raise BundleError(f"{name} is not JSON", where=where)


def _integer(digits: str, where: str) -> int:
    if not _NUMBER.fullmatch(digits):
        raise BundleError("has a number that is too long", where=where)
    return int(digits)
