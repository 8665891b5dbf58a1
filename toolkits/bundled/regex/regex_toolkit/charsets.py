"""Which characters a piece of a pattern can match, closely enough to see that two overlap."""

from __future__ import annotations

import re
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

#: The ASCII characters, and one for each kind of the others: letter, digit, space, sign.
OTHERS = frozenset("é٣\u2003☃")
EVERY = frozenset(map(chr, range(128))) | OTHERS
_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}


def _stand_in(letter: str) -> str:
    """The member of ``EVERY`` that a character counts as."""
    if letter in EVERY:
        return letter
    if letter.isspace():
        return "\u2003"
    if letter.isdigit():
        return "٣"
    return "é" if letter.isalnum() else "☃"


def _letters(code: int) -> frozenset[str]:
    return frozenset({_stand_in(chr(code))})


def _category(name: Any) -> frozenset[str]:
    pattern = re.compile(_CATEGORIES[name])
    return frozenset(one for one in EVERY if pattern.match(one))


def members(items: list[Any]) -> frozenset[str]:
    """The characters of a set in brackets."""
    found: set[str] = set()
    whole: set[str] = set()
    negated = False
    for kind, value in items:
        if kind is op.NEGATE:
            negated = True
        elif kind is op.LITERAL:
            found |= _letters(value)
        elif kind is op.RANGE:
            low, high = value
            found |= {one for one in EVERY - OTHERS if low <= ord(one) <= high}
            if high > 127:
                found |= OTHERS
        elif kind is op.CATEGORY:
            whole |= _category(value)
    # A stand-in goes only with its whole kind: [^é] still matches other letters.
    return (EVERY - (found - OTHERS) - whole) if negated else frozenset(found | whole)


def single(kind: Any, value: Any) -> frozenset[str] | None:
    """The characters of a node that matches exactly one; None for any other node."""
    if kind is op.LITERAL:
        return _letters(value)
    if kind is op.NOT_LITERAL:
        return EVERY - (_letters(value) - OTHERS)
    if kind is op.ANY:
        return EVERY
    if kind is op.IN:
        return members(value)
    return None


def first(nodes: Any) -> frozenset[str]:
    """The characters that a match of a sequence can begin with."""
    found: frozenset[str] = frozenset()
    for kind, value in nodes:
        found |= _first_of(kind, value)
        if not nullable_node(kind, value):
            break
    return found


def _first_of(kind: Any, value: Any) -> frozenset[str]:
    if (one := single(kind, value)) is not None:
        return one
    if kind is op.SUBPATTERN:
        return first(value[3])
    if kind is op.BRANCH:
        return frozenset().union(*(first(branch) for branch in value[1]))
    if kind in REPEATS:
        return first(value[2])
    if kind is op.ATOMIC_GROUP:
        return first(value)
    return EVERY if kind in (op.GROUPREF, op.GROUPREF_EXISTS) else frozenset()


REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)


def nullable(nodes: Any) -> bool:
    """Whether a sequence can match the empty text."""
    return all(nullable_node(kind, value) for kind, value in nodes)


def nullable_node(kind: Any, value: Any) -> bool:
    """Whether a node can match the empty text."""
    if kind in REPEATS:
        return value[0] == 0 or nullable(value[2])
    if kind is op.SUBPATTERN:
        return nullable(value[3])
    if kind is op.BRANCH:
        return any(nullable(branch) for branch in value[1])
    if kind is op.ATOMIC_GROUP:
        return nullable(value)
    return kind in (op.AT, op.ASSERT, op.ASSERT_NOT, op.GROUPREF, op.GROUPREF_EXISTS)
