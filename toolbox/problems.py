"""What is refused, in words for the person who asked."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """Something refused. Subclasses name its HTTP status and title; see RFC 9457."""

    http_status = 400
    title = "Not possible"
    #: Seconds after which trying again makes sense; 0 where that is not known.
    retry_after = 0
    errors: list[dict[str, Any]] = []
