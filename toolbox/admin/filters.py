"""Filters that several lists of the admin share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from toolbox.ids import uuid7_floor

_AGES = {
    "hour": (gettext_lazy("last hour"), timedelta(hours=1)),
    "day": (gettext_lazy("last 24 hours"), timedelta(days=1)),
    "week": (gettext_lazy("last 7 days"), timedelta(days=7)),
    "month": (gettext_lazy("last 30 days"), timedelta(days=30)),
}


class AgeFilter(SimpleListFilter):
    """By the time of a row, which its time-ordered key itself tells: no other index is needed."""

    title = gettext_lazy("time")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [(name, title) for name, (title, _) in _AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = _AGES.get(self.value() or "")
        if found is None:
            return queryset
        return queryset.filter(pk__gte=uuid7_floor(timezone.now() - found[1]))
