"""Counting rows for people: exact while few, and never over millions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

if TYPE_CHECKING:
    _Paginator = Paginator[Any]
else:
    _Paginator = Paginator

#: A list of the admin leads to at most so many rows; filters and search lead to the others.
MOST_COUNTED = 10_000


class BoundedPaginator(_Paginator):
    """A paginator whose count stops at ``MOST_COUNTED``; ``capped`` says that there are more."""

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return int(rows.order_by()[: MOST_COUNTED + 1].count())
        return len(rows)

    @cached_property
    def count(self) -> int:
        """How many rows there are, at most ``MOST_COUNTED``."""
        return min(self._counted, MOST_COUNTED)

    @property
    def capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self._counted > MOST_COUNTED
