"""Parts of a pattern that can make a backtracking engine try the same text over and over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any, Literal

from regex_toolkit.charsets import EVERY, REPEATS, first, nullable, nullable_node
from regex_toolkit.source import parse, written


@dataclass(frozen=True)
class Suspect:
    """A part of a pattern, how bad it is, and why."""

    part: str
    growth: Literal["exponential", "polynomial"]
    why: str


def suspects(pattern: str, flags: str = "") -> list[Suspect]:
    """Find the parts that can run away; an unparsable pattern has none."""
    try:
        found = dict.fromkeys(_sequence(parse(pattern, flags)))
    except (ValueError, RecursionError, OverflowError):
        return []
    return sorted(found, key=lambda suspect: suspect.growth != "exponential")


def _unbounded(kind: Any, value: Any) -> bool:
    # A possessive repeat gives nothing back, so it cannot run away.
    return kind in (op.MAX_REPEAT, op.MIN_REPEAT) and value[1] == op.MAXREPEAT


def _sequence(nodes: Any) -> Iterator[Suspect]:
    items = list(nodes)
    yield from _neighbours(items)
    for kind, value in items:
        if _unbounded(kind, value):
            yield from _repeat(kind, value)
        for inner in _inside(kind, value):
            yield from _sequence(inner)


def _inside(kind: Any, value: Any) -> list[Any]:
    if kind in REPEATS:
        return [value[2]]
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind is op.BRANCH:
        return list(value[1])
    if kind in (op.ASSERT, op.ASSERT_NOT):
        return [value[1]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    if kind is op.GROUPREF_EXISTS:
        return [part for part in value[1:] if part]
    return []


def _repeat(kind: Any, value: Any) -> Iterator[Suspect]:
    body, part = list(_unwrapped(value[2])), written([(kind, value)])
    if _runs_on(body):
        why = "a repeat inside a repeat can divide the same text in countless ways"
        yield Suspect(part, "exponential", why)
    for index, (inner, details) in enumerate(body):
        if inner is not op.BRANCH or not nullable([*body[:index], *body[index + 1 :]]):
            continue
        branches = details[1]
        if any(_overlap(a, b) for n, a in enumerate(branches) for b in branches[:n]):
            why = "alternatives inside the repeat begin alike, so each step has two ways"
            yield Suspect(part, "exponential", why)
        if any(_runs_on(list(_unwrapped(branch))) for branch in branches):
            why = "an alternative inside the repeat is a repeat itself"
            yield Suspect(part, "exponential", why)


def _runs_on(nodes: list[tuple[Any, Any]]) -> bool:
    """Whether a sequence can be one character over and over, in any number."""
    common = EVERY
    for kind, value in nodes:
        if not nullable_node(kind, value):
            common &= first([(kind, value)])
    return any(_unbounded(kind, value) and first(value[2]) & common for kind, value in nodes)


def _unwrapped(nodes: Any) -> Iterator[tuple[Any, Any]]:
    for kind, value in nodes:
        if kind is op.SUBPATTERN:
            yield from _unwrapped(value[3])
        else:
            yield kind, value


def _overlap(one: Any, other: Any) -> bool:
    return bool(first(one) & first(other))


def _neighbours(items: list[tuple[Any, Any]]) -> Iterator[Suspect]:
    for index, (kind, value) in enumerate(items):
        if not _unbounded(kind, value):
            continue
        for later, (follower, details) in enumerate(items[index + 1 :], index + 1):
            if _unbounded(follower, details):
                if _overlap(value[2], details[2]):
                    part = written(items[index : later + 1])
                    why = "two repeats in a row match the same characters"
                    yield Suspect(part, "polynomial", why)
                break
            if not nullable_node(follower, details) and not first([(follower, details)]) & first(
                value[2]
            ):
                break
