"""Two texts side by side in one column: what went, what came, and a little around it."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

MAX_LINES = 3_000
CONTEXT = 3


def compare(before: str, after: str) -> dict[str, Any]:
    """Return the rows of a line diff with both line numbers, and how much changed."""
    old, new = before.splitlines(), after.splitlines()
    cut = max(len(old), len(new)) > MAX_LINES
    old, new = old[:MAX_LINES], new[:MAX_LINES]
    rows: list[dict[str, Any]] = []
    for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
        if rows:
            rows.append({"kind": "gap"})
        for tag, i1, i2, j1, j2 in group:
            rows.extend(_rows(tag, old, new, (i1, i2, j1, j2)))
    return {
        "rows": rows,
        "added": sum(row["kind"] == "add" for row in rows),
        "removed": sum(row["kind"] == "del" for row in rows),
        "cut": cut,
    }


def _rows(
    tag: str, old: list[str], new: list[str], at: tuple[int, int, int, int]
) -> list[dict[str, Any]]:
    i1, i2, j1, j2 = at
    if tag == "equal":
        return [
            {"kind": "same", "old": i1 + n + 1, "new": j1 + n + 1, "text": text}
            for n, text in enumerate(old[i1:i2])
        ]
    gone = [{"kind": "del", "old": i1 + n + 1, "text": t} for n, t in enumerate(old[i1:i2])]
    come = [{"kind": "add", "new": j1 + n + 1, "text": t} for n, t in enumerate(new[j1:j2])]
    return [*gone, *come]
