"""What the scheduler clears away, once an hour."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import device_grants, sessions, throttle
from accounts.models import Invitation

_KEPT = timedelta(days=30)


def prune() -> int:
    """Delete sessions, counts of failures and links that are of no use any more."""
    now = timezone.now()
    dead = Session.objects.filter(expire_date__lt=now).delete()[0]
    links = Invitation.objects.filter(expires_at__lt=now - _KEPT).delete()[0]
    return dead + links + sessions.prune() + throttle.prune() + device_grants.prune()
