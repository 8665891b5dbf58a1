"""Python's own reading of a pattern, and pieces of it written out again."""

from __future__ import annotations

import re
import warnings
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

_AT = {
    op.AT_BEGINNING: "^", op.AT_BEGINNING_STRING: r"\A", op.AT_BOUNDARY: r"\b",
    op.AT_NON_BOUNDARY: r"\B", op.AT_END: "$", op.AT_END_STRING: r"\Z",
}  # fmt: skip
_CATEGORY = {
    op.CATEGORY_DIGIT: r"\d", op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_WORD: r"\w", op.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
_SUFFIX = {op.MAX_REPEAT: "", op.MIN_REPEAT: "?", op.POSSESSIVE_REPEAT: "+"}
_SHORT = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def parse(pattern: str, flags: str = "") -> Any:
    """Return the parsed pattern. Raises ``re.error``, a ``ValueError`` of Python's kind."""
    number = 0
    for letter in flags:
        number |= int(getattr(re, letter.upper()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return _parser.parse(pattern, number)
    except re.error as error:
        raise PatternError(error.msg, error.pos) from None


class PatternError(ValueError):
    """A pattern that cannot be read, and where."""

    def __init__(self, message: str, position: int | None) -> None:
        super().__init__(message)
        self.position = position


def literal(code: int) -> str:
    """One character as it stands in a pattern."""
    letter = chr(code)
    return _SHORT.get(letter) or (re.escape(letter) if letter.isprintable() else f"\\x{code:02x}")


def group_name(parsed: Any, number: int) -> str | None:
    """The name of a group, if it has one."""
    names = {index: name for name, index in parsed.state.groupdict.items()}
    return names.get(number)


def written(nodes: Any) -> str:
    """Write nodes out as a pattern; group names become numbers."""
    return "".join(_node(kind, value) for kind, value in nodes)


def members(items: list[Any]) -> str:
    """Write the inside of a set out."""
    parts = []
    for kind, value in items:
        if kind is op.NEGATE:
            parts.append("^")
        elif kind is op.LITERAL:
            parts.append(literal(value))
        elif kind is op.RANGE:
            parts.append(f"{literal(value[0])}-{literal(value[1])}")
        elif kind is op.CATEGORY:
            parts.append(_CATEGORY[value])
    return "".join(parts)


def times(low: int, high: Any) -> str:
    """Write a repeat's bounds out."""
    short = {(0, op.MAXREPEAT): "*", (1, op.MAXREPEAT): "+", (0, 1): "?"}.get((low, high))
    if short:
        return short
    if high == op.MAXREPEAT:
        return f"{{{low},}}"
    return f"{{{low}}}" if low == high else f"{{{low},{high}}}"


def _node(kind: Any, value: Any) -> str:  # noqa: PLR0911, C901  (one line a kind)
    if kind is op.LITERAL:
        return literal(value)
    if kind is op.NOT_LITERAL:
        return f"[^{literal(value)}]"
    if kind is op.ANY:
        return "."
    if kind is op.IN:
        single = len(value) == 1 and value[0][0] is op.CATEGORY
        return members(value) if single else f"[{members(value)}]"
    if kind is op.AT:
        return _AT[value]
    if kind is op.BRANCH:
        return "|".join(written(branch) for branch in value[1])
    if kind is op.SUBPATTERN:
        return f"({'' if value[0] else '?:'}{written(value[3])})"
    if kind in _SUFFIX:
        low, high, body = value
        return f"{_body(body)}{times(low, high)}{_SUFFIX[kind]}"
    if kind is op.ATOMIC_GROUP:
        return f"(?>{written(value)})"
    if kind in (op.ASSERT, op.ASSERT_NOT):
        sign = (
            ("=" if kind is op.ASSERT else "!")
            if value[0] > 0
            else ("<=" if kind is op.ASSERT else "<!")
        )
        return f"(?{sign}{written(value[1])})"
    if kind is op.GROUPREF:
        return f"\\{value}"
    if kind is op.GROUPREF_EXISTS:
        other = f"|{written(value[2])}" if value[2] else ""
        return f"(?({value[0]}){written(value[1])}{other})"
    return "(?!)"


def _body(body: Any) -> str:
    text = written(body)
    return text if len(body) == 1 and body[0][0] is not op.BRANCH else f"(?:{text})"
