"""Hides secret values in everything that a job leaves behind."""

from __future__ import annotations

import re
from typing import Any

MASK = "••••"
_SHORTEST = 4


class Redactor:
    """Replaces every secret value that the job was given.

    Values under four characters are left alone: masking each ``a`` would make a log
    unreadable and tell the value by where the masks stand.
    """

    def __init__(self, values: list[str] | None = None) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(values or [])

    def add(self, values: list[str]) -> None:
        """Hide further values from now on; of a multi-line one, each line too."""
        for value in values:
            self._values.update(
                part for part in (value, *value.splitlines()) if len(part.strip()) >= _SHORTEST
            )
        longest_first = sorted(self._values, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if self._values else None

    def text(self, text: str) -> str:
        """Return ``text`` with every secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """Return a JSON value with every secret masked, in keys too."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value
