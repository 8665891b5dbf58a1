"""Closing the platform for a while: people and the API are sent away, jobs that run go on."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.db import DatabaseError, transaction

from toolbox.events import emit
from toolkits.models import Maintenance

#: What a process knows is so old at most.
KEPT_SECONDS = 2.0
_lock = threading.Lock()
_known: tuple[float, Maintenance | None] = (float("-inf"), None)


@transaction.atomic
def begin(user: Any, message: str = "") -> None:
    """Close the platform; ``message`` tells people why, or until when."""
    values = {"message": message.strip()[:500], "begun_by": user}
    Maintenance.objects.update_or_create(id=1, defaults=values)
    emit("platform.maintenance_begun", actor=user, message=values["message"])
    transaction.on_commit(forget)


@transaction.atomic
def end(user: Any) -> None:
    """Open the platform again."""
    gone, _ = Maintenance.objects.all().delete()
    if gone:
        emit("platform.maintenance_ended", actor=user)
    transaction.on_commit(forget)


def present() -> Maintenance | None:
    """The maintenance that is on, as far as this process knows; None while all is open."""
    global _known
    with _lock:
        if time.monotonic() - _known[0] > KEPT_SECONDS:
            try:
                _known = (time.monotonic(), Maintenance.objects.select_related("begun_by").first())
            except DatabaseError:
                # The page that asks needs the database too, and says so in its own way.
                return None
        return _known[1]


def forget() -> None:
    """Look again at the next question."""
    global _known
    _known = (float("-inf"), None)
