"""Pages of a list by key: a page costs the same however far down it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

#: How many rows a request looks through for what no index answers.
MOST_LOOKED_AT = 20_000


@dataclass(frozen=True)
class Page:
    """Rows of one page, and the queries that lead to the next ones ("" where there are none).

    Where the search ended before the rows did, ``looked`` is how many it looked at and ``last``
    the last of them; the next page goes on from there.
    """

    rows: list[Any]
    older: str
    newer: str
    looked: int = 0
    last: Any = None


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


def looked_through(
    found: QuerySet[Any], wanted: Q, query: QueryDict, size: int, most: int = MOST_LOOKED_AT
) -> Page:
    """``keyset``, newest first, of those rows of ``found`` that are ``wanted``, where an index
    answers ``found`` but not ``wanted``: at most ``most`` rows are looked at."""
    if not wanted:
        return keyset(found, query, size)
    before, after = _cursor(query, "before"), _cursor(query, "after")
    if after is not None:
        window = found.filter(id__gt=after).order_by("id")
    else:
        window = (found if before is None else found.filter(id__lt=before)).order_by("-id")
    edge = list(window.values_list("pk", flat=True)[most - 1 : most + 1])
    if len(edge) < 2:
        return keyset(found.filter(wanted), query, size)
    last = edge[0]
    within = found.filter(id__lte=last) if after is not None else found.filter(id__gte=last)
    shown = keyset(within.filter(wanted), query, size)
    if after is not None:
        return shown if shown.newer else replace(shown, newer=_link(query, "after", last))
    if shown.older:
        return shown
    older = _link(query, "before", last)
    return replace(shown, older=older, looked=most, last=found.get(pk=last))


def named(found: QuerySet[Any], query: QueryDict, size: int) -> Page:
    """A page of rows by their ``name``, which may not be unique, and then ``slug``, which is
    and is what ``before`` and ``after`` hold. "Older" rows stand further down."""
    down, up = query.get("before", ""), query.get("after", "")
    edge = found.model._default_manager.filter(slug=down or up).first() if down or up else None
    if edge is None:
        down = up = ""
    if up and edge:
        rows = list(_past(found, edge, "lt").order_by("-name", "-slug")[: size + 1])
        more_up, more_down = len(rows) > size, True
        rows = rows[:size][::-1]
    else:
        below = _past(found, edge, "gt") if edge else found
        rows = list(below.order_by("name", "slug")[: size + 1])
        more_up, more_down = edge is not None, len(rows) > size
        rows = rows[:size]
    older = _link(query, "before", rows[-1].slug) if rows and more_down else ""
    newer = _link(query, "after", rows[0].slug) if rows and more_up else ""
    return Page(rows, older, newer)


def _past(found: QuerySet[Any], edge: Model, way: str) -> QuerySet[Any]:
    name, slug = edge.name, edge.slug  # type: ignore[attr-defined]
    return found.filter(Q(**{f"name__{way}": name}) | Q(name=name, **{f"slug__{way}": slug}))


def _link(query: QueryDict, name: str, value: UUID | str) -> str:
    kept = query.copy()
    for old in ("before", "after"):
        kept.pop(old, None)
    kept[name] = str(value)
    return "?" + kept.urlencode()
