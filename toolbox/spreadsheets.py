"""Text that no spreadsheet takes for a formula (CWE-1236), and back."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# What programs skip before they look whether a cell is a formula.
_SKIPPED = " '\"\u00a0\ufeff"


def _is_formula(text: str) -> bool:
    return text.lstrip(_SKIPPED).startswith(_FORMULA)


def safe(text: str) -> str:
    """Return the text of a cell, with an apostrophe before what would be a formula, whatever
    stands before that."""
    return f"'{text}" if _is_formula(text) else text


def unsafe(text: str) -> str:
    """Undo ``safe``: what was exported is the same when it is imported again."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text
