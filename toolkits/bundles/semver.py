"""Semantic Versioning 2.0.0: which strings are versions, and which of two is later."""

from __future__ import annotations

import re

# The expression that semver.org publishes.
PATTERN = (
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
_VERSION = re.compile(PATTERN, re.ASCII)

Key = tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]


def key(version: str) -> Key:
    """Return what versions sort by (precedence, section 11); build metadata does not count."""
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ValueError(f"{version!r} is not a semantic version")
    major, minor, patch, before, _ = match.groups()
    parts = tuple(
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in (before.split(".") if before else [])
    )
    return (int(major), int(minor), int(patch)), before is None, parts
