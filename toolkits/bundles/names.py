"""Which paths a bundle may hold: plain relative ones that mean the same everywhere."""

from __future__ import annotations

import re
import unicodedata

from toolkits.errors import BundleError

_LONGEST = 240
_DEEPEST = 16
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
#: Slugs that are words of the API and the console.
RESERVED_SLUGS = frozenset(
    {"admin", "api", "catalog", "docs", "install", "new", "plans", "records", "toolbox", "updates"}
)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def check(path: str) -> str:
    """Return ``path``, or raise ``BundleError`` saying why it is refused."""
    parts = path.split("/")
    why = ""
    if len(path) > _LONGEST or len(parts) > _DEEPEST:
        why = "the path is too long or too deep"
    elif any(part in {"", ".", ".."} for part in parts):
        why = "the path is absolute, empty or leads out of the bundle"
    elif _FORBIDDEN.search(path):
        why = "the path holds a character that not every system takes"
    elif any(part != part.strip(" ") or part.endswith(".") for part in parts):
        why = "a part of the path begins or ends with a space or ends with a dot"
    elif any(map(_RESERVED.fullmatch, parts)):
        why = "a part of the path is a device name on some systems"
    if why:
        raise BundleError(why, where=repr(path)[:120])
    return path


def folded(path: str) -> str:
    """The form in which two paths that clash on some file system are equal."""
    return unicodedata.normalize("NFC", path).casefold()


def check_distinct(paths: list[str]) -> None:
    """Refuse two paths that are one on some system, and a file that is also a folder."""
    seen: dict[str, str] = {}
    for path in paths:
        if folded(path) in seen:
            raise BundleError("the same path twice", where=repr(path)[:120])
        seen[folded(path)] = path
    for path in paths:
        parent = folded(path)
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            if parent in seen:
                raise BundleError("a file is also used as a folder", where=repr(path)[:120])
