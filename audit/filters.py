"""Filters of the trail: the same for page, API, export and admin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from audit import fulltext
from audit.catalogue import Severity
from audit.models import Event
from audit.models.event import Outcome
from toolbox.ids import uuid7_floor

# Ids hold the time at which they were made, which is a little before or after ``time``.
_SLACK = timedelta(minutes=1)
_LONGEST = 200
_EARLIEST, _LATEST = 1971, 9000
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]{1,19}")

#: Gives type and id of what is known by a name.
Finder = Callable[[str], Iterable[tuple[str, str]]]


@dataclass(frozen=True)
class Filters:
    """What to look for; an empty value asks for nothing."""

    since: str = ""
    until: str = ""
    actor: str = ""
    event: str = ""
    severity: str = ""
    outcome: str = ""
    target_type: str = ""
    target: str = ""
    address: str = ""
    job: str = ""
    request: str = ""
    q: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Filters:
        """Read filters from a query string."""
        names = [entry.name for entry in fields(cls)]
        return cls(**{name: str(given.get(name, "")).strip()[:_LONGEST] for name in names})

    def used(self) -> dict[str, str]:
        """The filters that ask for something."""
        return {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if getattr(self, entry.name)
        }

    def errors(self) -> dict[str, str]:
        """What is not understood, by the name of its filter."""
        wrong = {}
        for name in ("since", "until"):
            if getattr(self, name) and moment(getattr(self, name)) is None:
                wrong[name] = _("Not a date or time: write 2026-01-31 or 2026-01-31T12:00.")
        for name, choices in (("severity", Severity), ("outcome", Outcome)):
            value = getattr(self, name)
            if value and value.rstrip("+") not in choices.values:
                wrong[name] = _("One of %(known)s.") % {"known": ", ".join(choices.values)}
        return wrong

    def apply(self, events: QuerySet[Event]) -> QuerySet[Event]:
        """Return the events that fit; none where a filter is not understood."""
        if self.errors():
            return events.none()
        events = events.filter(self._times() & self._who() & self._what())
        return fulltext.matching(events, self.q) if self.q else events

    def _times(self) -> Q:
        condition = Q()
        if since := moment(self.since):
            condition &= Q(time__gte=since, id__gte=uuid7_floor(since - _SLACK))
        if until := moment(self.until, end=True):
            condition &= Q(time__lt=until, id__lt=uuid7_floor(until + _SLACK))
        return condition

    def _who(self) -> Q:
        condition = Q()
        if self.actor:
            condition &= _actor(self.actor)
        if self.address:
            condition &= Q(address=self.address)
        if self.request:
            condition &= Q(request_id=self.request)
        return condition

    def _what(self) -> Q:
        condition = Q()
        if self.event:
            part = self.event.endswith(".")
            condition &= Q(name__startswith=self.event) if part else Q(name=self.event)
        if self.severity:
            condition &= Q(severity__in=_severities(self.severity))
        if self.outcome:
            condition &= Q(outcome=self.outcome)
        if self.target_type:
            condition &= Q(target_type=self.target_type)
        if self.target:
            condition &= _target(self.target)
        if self.job:
            condition &= Q(job_id=self.job) | Q(target_type="toolkits.job", target_id=self.job)
        return condition


def _actor(text: str) -> Q:
    """An actor by id, or by name; whoever acted on their behalf counts as them."""
    known = User.objects.filter(username__iexact=text).values_list("pk", flat=True)
    ids = [str(pk) for pk in known[:2]]
    if ids or _ID.fullmatch(text):
        ids.append(text)
        return Q(actor_id__in=ids) | Q(behalf_id__in=ids)
    # A token or schedule, or somebody who is gone, by the name that was kept.
    return Q(actor_label=text) | Q(behalf_label=text) | Q(actor_id=text)


def _target(text: str) -> Q:
    """A target by id, by the name that was kept, or by one that it is known by now."""
    by_id = Q(target_id=text)
    if _ID.fullmatch(text):
        return by_id
    for kind, found in (place for finder in _finders for place in finder(text)):
        by_id |= Q(target_type=kind, target_id=found)
    return by_id | Q(target_label=text)


def _users(name: str) -> Iterable[tuple[str, str]]:
    found = User.objects.filter(username__iexact=name).values_list("pk", flat=True)
    return [("accounts.user", str(pk)) for pk in found[:2]]


_finders: list[Finder] = [_users]


def find_targets_by(finder: Finder) -> None:
    """Let an app find its objects by names that events do not keep, such as a slug."""
    if finder not in _finders:
        _finders.append(finder)


def _severities(text: str) -> list[str]:
    """``warning`` is that one; ``warning+`` is that and whatever is graver."""
    known = list(Severity.values)
    return known[known.index(text[:-1]) :] if text.endswith("+") else [text]


def moment(text: str, *, end: bool = False) -> datetime | None:
    """Read a date or a time; a date alone is its start or, with ``end``, its end."""
    try:
        day = parse_date(text)
        found = parse_datetime(text)
    except ValueError:
        return None
    if day is not None:
        start = datetime.combine(day, datetime.min.time())
        found = start + timedelta(days=1) if end else start
    if found is None or not _EARLIEST <= found.year <= _LATEST:
        return None
    return timezone.make_aware(found) if timezone.is_naive(found) else found
