"""Semantic Versioning 2.0.0: which strings are versions, and which of two is later."""

from __future__ import annotations

from semver import Version


def key(version: str) -> Version:
    """Return what versions sort by (precedence, section 11); build metadata does not count.

    Raises ``ValueError`` for what is not a version.
    """
    try:
        return Version.parse(version)
    except (ValueError, TypeError):
        raise ValueError(f"{version!r} is not a semantic version") from None
