"""Every address of the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver


def plain_addresses(resolver: Any = None, prefix: str = "/") -> Iterator[str]:
    """Every address of the project that needs nothing named, but the API's."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern).lstrip("^").rstrip("$")
        if not re.fullmatch(r"[\w./-]*", path) or path.startswith("/api/v1"):
            continue
        if hasattr(entry, "url_patterns"):
            yield from plain_addresses(entry, path)
        elif not path.endswith(("/add/", "/autocomplete/", "/logout/", "/jsi18n/", "/palette/")):
            yield path
