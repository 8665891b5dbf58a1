"""Pages by keyset: the last key seen is the cursor, so that page 1,000 costs what page 1 does."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

M = TypeVar("M", bound=Model)

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def limit_of(request: Request, default: int = DEFAULT_LIMIT, most: int = MAX_LIMIT) -> int:
    """The ``limit`` parameter."""
    return whole_number(request, "limit", default, 1, most)


def whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number in the query; anything else is refused with its name."""
    text = request.query_params.get(name)
    if text is None:
        return default
    # int() alone would take underscores, signs, spaces and digits of other scripts.
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        raise ValidationError({name: f"must be a whole number from {least} to {most}"})
    return int(text)


def flag(request: Request, name: str, default: bool = False) -> bool:
    """A yes or no in the query."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if text not in {"true", "false"}:
        raise ValidationError({name: "must be true or false"})
    return text == "true"


def choice(request: Request, name: str, values: Collection[str]) -> str:
    """One of ``values`` in the query."""
    text = request.query_params[name]
    if text not in values:
        raise ValidationError({name: f"must be one of {', '.join(values)}"})
    return text


def uuid_of(request: Request, name: str) -> UUID | None:
    """A UUID in the query."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise ValidationError({name: "must be a UUID"}) from None


def moment(request: Request, name: str) -> datetime:
    """A date and time with its time zone in the query."""
    # A plus sign that was not encoded arrives as a space.
    text = request.query_params[name].replace(" ", "+")
    try:
        found = parse_datetime(text)
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValidationError({name: "must be a date and time with a time zone, as RFC 3339 has it"})


def page(
    request: Request, rows: QuerySet[M], *, newest_first: bool = False
) -> tuple[list[M], str | None]:
    """Return the rows of the page asked for and the address of the next one.

    Rows are in order of their primary keys, which are UUIDs that sort by time.
    """
    cursor, limit = uuid_of(request, "cursor"), limit_of(request)
    if cursor is not None:
        rows = rows.filter(pk__lt=cursor) if newest_first else rows.filter(pk__gt=cursor)
    found = list(rows.order_by("-pk" if newest_first else "pk")[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return shown, following(request, str(shown[-1].pk)) if more else None


def page_by_name(
    request: Request, rows: QuerySet[M], name: str
) -> tuple[list[M], str | None]:
    """``page`` in order of a text that is unique; the cursor is the last one seen."""
    limit = limit_of(request)
    if cursor := request.query_params.get("cursor"):
        rows = rows.filter(**{f"{name}__gt": cursor})
    found = list(rows.order_by(name)[: limit + 1])
    shown = found[:limit]
    more = len(found) > limit
    return shown, following(request, str(getattr(shown[-1], name))) if more else None


def following(request: Request, cursor: str) -> str:
    """The address of this list from ``cursor`` on, relative to the host."""
    query = request.query_params.copy()
    query["cursor"] = cursor
    return f"{request.path}?{query.urlencode()}"


def body(results: list[Any], next_page: str | None) -> dict[str, Any]:
    """The shape of every list."""
    return {"results": results, "next": next_page}
