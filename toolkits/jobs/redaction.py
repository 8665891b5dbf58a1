"""Hides secret values in everything that a job leaves behind."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "••••"
_SHORTEST = 4
#: A shorter piece of an encoding would occur by chance.
_SHORTEST_ENCODED = 8


class Redactor:
    """Replaces every secret value that the job was given, plain and in common encodings.

    Values under four characters are left alone: masking each ``a`` would make a log
    unreadable and tell the value by where the masks stand.
    """

    def __init__(self, values: list[str] | None = None) -> None:
        self._known: set[str] = set()
        self._variants: list[str] = []
        self._pattern: re.Pattern[str] | None = None
        self.longest = 0
        self.add(values or [])

    def add(self, values: list[str]) -> None:
        """Hide further values from now on; of a multi-line one, each line too."""
        fresh = {
            part
            for value in values
            for part in (value, *value.splitlines())
            if len(part.strip()) >= _SHORTEST
        }
        if fresh <= self._known:
            return
        self._known |= fresh
        variants = {variant for value in self._known for variant in _variants(value)}
        self._variants = sorted(variants, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._variants)))
        self.longest = len(self._variants[0])

    def finds(self, text: str) -> bool:
        """Whether ``text`` holds a secret; far quicker than replacing."""
        return any(variant in text for variant in self._variants)

    def text(self, text: str) -> str:
        """Return ``text`` with every secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern and self.finds(text) else text

    def cut_text(self, text: str) -> str:
        """Mask a text that was cut out of a longer one: also a secret's end at its beginning
        and a secret's beginning at its end."""
        text = self.text(text)
        for variant in self._variants:
            for size in range(min(len(variant) - 1, len(text)), _SHORTEST - 1, -1):
                if text.endswith(variant[:size]):
                    text = text[:-size] + MASK
                if text.startswith(variant[-size:]):
                    text = MASK + text[size:]
        return text

    def split(self, text: str) -> tuple[str, str]:
        """Split a text whose continuation is not there yet into what can be shown, masked, and
        what must wait, because a secret may begin in it."""
        if self._pattern is None:
            return text, ""
        cut = max(0, len(text) - self.longest + 1)
        for found in self._pattern.finditer(text):
            if found.start() < cut < found.end():
                cut = found.end()
        return self.text(text[:cut]), text[cut:]

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


def _variants(value: str) -> Iterator[str]:
    yield value
    yield from _escaped(value)
    yield from (found for found in _encoded(value) if len(found) >= _SHORTEST_ENCODED)


def _escaped(value: str) -> Iterator[str]:
    """The value as it stands inside JSON, a Python literal, HTML or a URL."""
    quoted: Iterable[str] = (
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        escape(value),
        quote(value, safe="", errors="replace"),
        quote(value, errors="replace"),
        quote_plus(value, errors="replace"),
    )
    for text in quoted:
        yield text
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)
        yield text.replace("/", "\\/")


def _encoded(value: str) -> Iterator[str]:
    """The value in hexadecimal, and in base64 wherever it stands in what was encoded."""
    data = value.encode(errors="replace")
    yield data.hex()
    yield data.hex().upper()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = encode(b"\0" * before + data).decode().rstrip("=")
            # The first characters mix with what stands before it, the last with what follows.
            first = (0, 2, 3)[before]
            last = len(text) if (before + len(data)) % 3 == 0 else len(text) - 1
            yield text[first:last]
