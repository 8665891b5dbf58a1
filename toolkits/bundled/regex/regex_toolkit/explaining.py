"""Explains a pattern, part by part, in words."""

from __future__ import annotations

from collections.abc import Iterator
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

from toolkit_sdk import Context, ToolkitError, views

from regex_toolkit import source
from regex_toolkit.app import Flags, PatternText, letters, toolkit
from regex_toolkit.suspects import Suspect, suspects

_MOST_ROWS = 500
_INDENT = "\u00a0\u00a0\u00a0"
_AT = {
    op.AT_BEGINNING: "the start of the text (with multiline: of a line)",
    op.AT_BEGINNING_STRING: "the start of the text",
    op.AT_BOUNDARY: "a word boundary",
    op.AT_NON_BOUNDARY: "anywhere but at a word boundary",
    op.AT_END: "the end of the text (with multiline: of a line)",
    op.AT_END_STRING: "the very end of the text",
}
_CATEGORY = {
    op.CATEGORY_DIGIT: "a digit", op.CATEGORY_NOT_DIGIT: "no digit",
    op.CATEGORY_SPACE: "white space", op.CATEGORY_NOT_SPACE: "no white space",
    op.CATEGORY_WORD: "a letter, digit or underscore",
    op.CATEGORY_NOT_WORD: "no letter, digit or underscore",
}  # fmt: skip
_MANNER = {
    op.MAX_REPEAT: "as many as possible",
    op.MIN_REPEAT: "as few as possible",
    op.POSSESSIVE_REPEAT: "as many as possible, giving none back",
}


@toolkit.operation(title="Explain a pattern", interactive=True, timeout=15)
def explain(ctx: Context, pattern: PatternText, flags: Flags = []) -> views.Section:
    """Say in words what each part of a pattern matches, and which parts can run away."""
    try:
        parsed = source.parse(pattern, letters(flags))
    except source.PatternError as error:
        where = f" at character {error.position + 1}" if error.position is not None else ""
        raise ToolkitError(f"it is not valid: {error}{where}.", field="pattern") from None
    except (RecursionError, OverflowError):
        raise ToolkitError("The pattern is nested too deeply or repeats too often.") from None
    rows = [
        {"part": _INDENT * depth + part, "meaning": _INDENT * depth + meaning}
        for depth, part, meaning in _explained(parsed, parsed, 0)
    ]
    ctx.log.info("explained %d parts", len(rows))
    caption = f"Only the first {_MOST_ROWS} parts" if len(rows) > _MOST_ROWS else None
    table = views.Table(
        columns=[views.Column(key="part", type="code"), "meaning"],
        rows=rows[:_MOST_ROWS],
        caption=caption,
    )
    return views.Section(
        title="Explanation",
        views=[table, *_groups(parsed), warning(suspects(pattern, letters(flags)))],
    )


def warning(found: list[Suspect]) -> views.View:
    """What can run away in a pattern, as a view."""
    if not found:
        return views.Text(text="No part of it is known to run away.")
    return views.Table(
        title="Parts that can run away",
        columns=[
            views.Column(key="part", type="code"),
            views.Column(key="growth", type="state"),
            "why",
        ],
        rows=[
            {
                "part": suspect.part,
                "growth": views.state(
                    "critical" if suspect.growth == "exponential" else "warning", suspect.growth
                ),
                "why": suspect.why,
            }
            for suspect in found
        ],
    )


def _groups(parsed: Any) -> list[views.View]:
    count = parsed.state.groups - 1
    if not count:
        return []
    rows = [
        {"number": number, "name": source.group_name(parsed, number)}
        for number in range(1, count + 1)
    ]
    columns = [views.Column(key="number", type="number"), views.Column(key="name", type="code")]
    return [views.Table(title="Groups", columns=columns, rows=rows)]


def _explained(nodes: Any, parsed: Any, depth: int) -> Iterator[tuple[int, str, str]]:
    run: list[int] = []
    for kind, value in nodes:
        if kind is op.LITERAL:
            run.append(value)
            continue
        yield from _text(run, depth)
        run = []
        yield from _node(kind, value, parsed, depth)
    yield from _text(run, depth)


def _text(run: list[int], depth: int) -> Iterator[tuple[int, str, str]]:
    if run:
        part = "".join(map(source.literal, run))
        kind = "the character" if len(run) == 1 else "the text"
        yield depth, part, f"{kind} {''.join(map(chr, run))!r}"


def _node(kind: Any, value: Any, parsed: Any, depth: int) -> Iterator[tuple[int, str, str]]:
    part = source.written([(kind, value)])
    if kind in _MANNER:
        low, high, body = value
        yield depth, part, f"{_times(low, high)}{_manner(kind, low, high)}:"
        yield from _explained(body, parsed, depth + 1)
    elif kind is op.SUBPATTERN:
        yield depth, part, _group(value, parsed)
        yield from _explained(value[3], parsed, depth + 1)
    elif kind is op.BRANCH:
        yield depth, part, "one of:"
        for branch in value[1]:
            if branch:
                yield from _explained(branch, parsed, depth + 1)
            else:
                yield depth + 1, "", "nothing"
    elif kind is op.ATOMIC_GROUP:
        yield depth, part, "once matched, gives nothing back:"
        yield from _explained(value, parsed, depth + 1)
    elif kind in (op.ASSERT, op.ASSERT_NOT):
        where = "followed by" if value[0] > 0 else "preceded by"
        yield depth, part, f"{'' if kind is op.ASSERT else 'not '}{where}:"
        yield from _explained(value[1], parsed, depth + 1)
    elif kind is op.GROUPREF_EXISTS:
        yield depth, part, f"if group {value[0]} matched:"
        yield from _explained(value[1], parsed, depth + 1)
        if value[2]:
            yield depth, "", "else:"
            yield from _explained(value[2], parsed, depth + 1)
    else:
        yield depth, part, _leaf(kind, value)


def _leaf(kind: Any, value: Any) -> str:
    if kind is op.ANY:
        return "any character (no line end, unless the dot matches newlines)"
    if kind is op.NOT_LITERAL:
        return f"any character but {chr(value)!r}"
    if kind is op.IN:
        return _set(value)
    if kind is op.AT:
        return _AT[value]
    if kind is op.GROUPREF:
        return f"the same text as group {value}"
    return "never matches"


def _set(items: list[Any]) -> str:
    parts, negated = [], False
    for kind, value in items:
        if kind is op.NEGATE:
            negated = True
        elif kind is op.LITERAL:
            parts.append(repr(chr(value)))
        elif kind is op.RANGE:
            parts.append(f"{chr(value[0])!r} to {chr(value[1])!r}")
        else:
            parts.append(_CATEGORY[value])
    if len(parts) == 1 and not negated:
        return parts[0]
    return f"{'any character but' if negated else 'one of'} {', '.join(parts)}"


def _group(value: Any, parsed: Any) -> str:
    number, added, removed = value[0], value[1], value[2]
    flags = ", flags changed" if added or removed else ""
    if number is None:
        return f"grouped, not captured{flags}:"
    name = source.group_name(parsed, number)
    return f"group {number}{f' named {name}' if name else ''}{flags}:"


def _times(low: int, high: Any) -> str:
    if (low, high) == (0, 1):
        return "once or not at all"
    if high == op.MAXREPEAT:
        return {0: "any number of times", 1: "once or more"}.get(low, f"{low} times or more")
    if low == high:
        return "once" if low == 1 else f"{low} times"
    return f"{low} to {high} times"


def _manner(kind: Any, low: int, high: Any) -> str:
    return "" if low == high else f", {_MANNER[kind]}"
