"""What goes into an event, made harmless: no control characters, no secrets, plain JSON."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

REDACTED = "[redacted]"
_LONGEST = 2000
_MOST_ENTRIES = 200
_DEEPEST = 6

#: Last words of keys whose values are never kept, should a caller pass them by mistake.
_SECRET_KEY = re.compile(
    r"(^|_)(password|passwd|passphrase|secret|secret_id|client_secret|private_key|api_key|apikey"
    r"|access_token|refresh_token|bearer|authorization|cookie|sessionid|otp|recovery_code)$",
    re.IGNORECASE,
)
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def line(text: object, limit: int) -> str:
    """Return one line of at most ``limit`` characters.

    Line ends, control codes and characters that turn the writing direction become visible
    escapes, so that a name, an agent or a header changes the structure of no log, list or file.
    """
    found = str(text or "")[: limit * 2]
    if not found.isascii() or not found.isprintable():
        found = "".join(map(_visible, found))
    return found[:limit]


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE_CATEGORIES:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def data(value: Any) -> Any:
    """Return ``value`` as JSON that every database gives back as it was.

    Numbers that are not whole become text, since databases disagree in how they write them;
    what is large, deep or unknown becomes short text.
    """
    return _data(value, 0)


def _data(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 63 else str(value)[:80]
    if isinstance(value, dict) and depth < _DEEPEST:
        return _object(value, depth)
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return [_data(entry, depth + 1) for entry in value[:_MOST_ENTRIES]]
    return _text(str(value))


def _object(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, entry in list(value.items())[:_MOST_ENTRIES]:
        name = line(key, 200)
        hidden = isinstance(entry, str | bytes | list | tuple) and _SECRET_KEY.search(name)
        kept[name] = REDACTED if hidden and entry else _data(entry, depth + 1)
    return kept


def _text(text: str) -> str:
    # PostgreSQL takes neither NUL nor halves of surrogate pairs.
    text = text[: _LONGEST + 1].replace("\0", "\\x00")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
