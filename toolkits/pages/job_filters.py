"""What narrows the list of jobs: toolkit, operation, state, user, time, text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from toolkits.jobs import narrowing
from toolkits.jobs.states import ACTIVE, WAITING, JobState
from toolkits.models import Job
from toolkits.models.job import JobKind

_MOST_WORDS = 8
_GROUPS: dict[str, list[str]] = {
    "active": [state.value for state in sorted(ACTIVE | WAITING)],
    "problems": ["failed", "timed_out", "lost"],
}


@dataclass(frozen=True)
class JobFilters:
    """The filters as they were asked for; empty ones narrow nothing."""

    toolkit: str = ""
    operation: str = ""
    states: tuple[str, ...] = ()
    user: str = ""
    since: str = ""
    until: str = ""
    query: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Read the filters of an address; what names nothing is left out."""
        known = {*JobState.values, *_GROUPS}
        return cls(
            toolkit=query.get("toolkit", "")[:64],
            operation=query.get("operation", "")[:100],
            states=tuple(state for state in query.getlist("state") if state in known),
            user=query.get("user", "")[:150].replace("\0", ""),
            since=query.get("since", "") if _moment(query.get("since", "")) else "",
            until=query.get("until", "") if _moment(query.get("until", "")) else "",
            query=query.get("q", "").strip()[:100].replace("\0", ""),
        )

    @property
    def any(self) -> bool:
        """Whether anything is filtered."""
        return self != JobFilters()

    def as_query(self) -> str:
        """Return the filters as the query of an address."""
        pairs = [
            ("toolkit", self.toolkit),
            ("operation", self.operation),
            *(("state", state) for state in self.states),
            ("user", self.user),
            ("since", self.since),
            ("until", self.until),
            ("q", self.query),
        ]
        return urlencode([pair for pair in pairs if pair[1]])

    @property
    def state_options(self) -> list[tuple[str, str, bool]]:
        """Every state: its value, its name, whether it is wanted."""
        return [(value, str(label), value in self.states) for value, label in JobState.choices]

    @property
    def looked_for(self) -> Q:
        """What no index answers, so that each row is looked at: words, and an operation of
        whichever toolkit. Empty where there is none of it."""
        wanted = narrowing.holding(self.query.split()[:_MOST_WORDS])
        return wanted & Q(operation=self.operation) if self._of_any_toolkit else wanted

    @property
    def _of_any_toolkit(self) -> bool:
        return bool(self.operation and not self.toolkit)

    def apply(self, jobs: QuerySet[Job]) -> QuerySet[Job]:
        """Narrow ``jobs`` by all but what is ``looked_for``."""
        wanted = Q(kind=JobKind.OPERATION)
        if self.toolkit:
            wanted &= Q(toolkit_slug=self.toolkit)
        if self.operation and self.toolkit:
            wanted &= Q(operation=self.operation)
        if self.states:
            states = [one for state in self.states for one in _GROUPS.get(state, [state])]
            wanted &= Q(state__in=states)
        if self.user:
            wanted &= narrowing.requested_by(self.user)
        if since := _moment(self.since):
            wanted &= narrowing.requested_since(since)
        if until := _moment(self.until):
            wanted &= narrowing.requested_until(until)
        return jobs.filter(wanted)


def _moment(text: str) -> datetime | None:
    try:
        when = parse_datetime(text)
    except ValueError:
        return None
    if when is not None and timezone.is_naive(when):
        when = timezone.make_aware(when)
    return when
