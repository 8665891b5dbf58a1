"""What a record is called."""

from __future__ import annotations

from typing import Any

_NAMES = ("name", "title", "label", "hostname", "host", "id")


def label_of(data: dict[str, Any], secret: set[str]) -> str:
    """Return what a record is called: its name or the like, else its first text."""
    open_data = {key: value for key, value in data.items() if key not in secret}
    texts = [str(open_data[key]) for key in _NAMES if open_data.get(key)]
    texts += [value for value in open_data.values() if isinstance(value, str) and value]
    return texts[0][:120] if texts else ""
