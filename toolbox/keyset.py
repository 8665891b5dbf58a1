"""Pages of a list by key: a page costs the same however far down it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the queries that lead to the next ones ("" where there are none)."""

    rows: list[Any]
    older: str
    newer: str


def _cursor(query: QueryDict, name: str) -> UUID | None:
    try:
        return UUID(query.get(name, ""))
    except ValueError:
        return None


def keyset(found: QuerySet[Any], query: QueryDict, size: int, *, newest_first: bool = True) -> Page:
    """Return the page that ``before`` or ``after`` in ``query`` (ids, in time order) names."""
    before, after = _cursor(query, "before"), _cursor(query, "after")
    down, up = ("-id", "id") if newest_first else ("id", "-id")
    if after is not None:
        beyond = found.filter(id__gt=after) if newest_first else found.filter(id__lt=after)
        rows = list(beyond.order_by(up)[: size + 1])
        more_newer, more_older = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        if before is not None:
            found = found.filter(id__lt=before) if newest_first else found.filter(id__gt=before)
        rows = list(found.order_by(down)[: size + 1])
        more_newer, more_older = before is not None, len(rows) > size
        rows = rows[:size]
    older = _link(query, "before", rows[-1].pk) if rows and more_older else ""
    newer = _link(query, "after", rows[0].pk) if rows and more_newer else ""
    return Page(rows, older, newer)


def _link(query: QueryDict, name: str, value: UUID) -> str:
    kept = query.copy()
    for old in ("before", "after"):
        kept.pop(old, None)
    kept[name] = str(value)
    return "?" + kept.urlencode()
