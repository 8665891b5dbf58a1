"""Where in a JSON text a value stands, so that an error can name its line."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+)')


def lines(text: str) -> dict[str, int]:
    """Return the line on which the value of each JSON path (``$.a[0].b``) begins.

    ``text`` has been parsed before: what is not JSON gives an incomplete answer, no error.
    """
    tokens = [(match.group(1), match.start(1)) for match in _TOKEN.finditer(text)]
    places: dict[str, int] = {}
    _value(tokens, 0, "$", places)
    return {path: text.count("\n", 0, offset) + 1 for path, offset in places.items()}


def _value(
    tokens: list[tuple[str, int]], at: int, path: str, places: dict[str, int]
) -> int:
    if at >= len(tokens):
        return at
    text, offset = tokens[at]
    places[path] = offset
    if text == "{":
        return _members(tokens, at + 1, path, places, "}")
    if text == "[":
        return _members(tokens, at + 1, path, places, "]")
    return at + 1


def _members(
    tokens: list[tuple[str, int]], at: int, path: str, places: dict[str, int], end: str
) -> int:
    index = 0
    while at < len(tokens) and tokens[at][0] != end:
        if tokens[at][0] == ",":
            at += 1
        elif end == "]":
            at = _value(tokens, at, f"{path}[{index}]", places)
            index += 1
        else:
            name = tokens[at][0][1:-1]
            at = _value(tokens, at + 2, f"{path}.{name}", places)
    return at + 1


def nearest(places: dict[str, int], path: str) -> int:
    """Return the line of ``path``, or of the closest thing around it that is there."""
    for candidate in _outwards(path):
        if candidate in places:
            return places[candidate]
    return 1


def _outwards(path: str) -> Iterable[str]:
    while path:
        yield path
        cut = max(path.rfind("."), path.rfind("["))
        if cut < 0:
            return
        path = path[:cut]
