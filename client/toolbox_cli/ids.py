"""Ids of jobs and schedules, as people type them."""

from __future__ import annotations

from uuid import UUID

from toolbox_cli.errors import NOT_FOUND, ClientError


def checked(text: str, kind: str) -> str:
    """An id that stands in an address. What is none is not there, and is told without asking."""
    try:
        return str(UUID(text.strip()))
    except ValueError:
        raise ClientError(
            f"{text!r} is not the id of a {kind}: toolbox {kind}s list tells them.", NOT_FOUND
        ) from None
