"""Conditions on jobs that the indexes of a large table answer: for every list and filter."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User
from toolbox.ids import uuid7_floor

# Ids hold the time at which they were made, which is a little before or after ``created_at``.
_SLACK = timedelta(minutes=1)


def requested_by(username: str) -> Q:
    """Jobs of a user, whatever the case of their name. Who it is is asked first: a join would
    have the database walk jobs of everybody."""
    people = User.objects.filter(username__iexact=username).values_list("pk", flat=True)
    return Q(requested_by__in=list(people[:2]))


def holding(words: list[str]) -> Q:
    """Jobs that hold every word. No index answers this: look through a window of jobs alone."""
    wanted = Q()
    for word in words:
        wanted &= (
            Q(title__icontains=word)
            | Q(toolkit_slug__icontains=word)
            | Q(operation__icontains=word)
            | Q(reason__icontains=word)
        )
    return wanted


def requested_since(moment: datetime) -> Q:
    """Jobs requested at ``moment`` or later."""
    return Q(created_at__gte=moment, id__gte=uuid7_floor(moment - _SLACK))


def requested_until(moment: datetime) -> Q:
    """Jobs requested at ``moment`` or before."""
    return Q(created_at__lte=moment, id__lt=uuid7_floor(moment + _SLACK))
