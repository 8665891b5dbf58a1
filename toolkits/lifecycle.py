"""Enabling and disabling toolkits."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from toolbox.events import emit
from toolkits.errors import NotUsable
from toolkits.models import CardState, Toolkit


def enable(toolkit: Toolkit, user: Any) -> None:
    """Let people use the toolkit. Its cards are due at once."""
    if toolkit.active_version_id is None or toolkit.removed_at is not None:
        raise NotUsable(f"{toolkit.slug} is not installed.")
    _switch(toolkit, user, on=True)
    CardState.objects.filter(toolkit=toolkit).update(next_refresh_at=timezone.now())


def disable(toolkit: Toolkit, user: Any) -> None:
    """Take new runs of the toolkit no more. Running jobs go on to their end."""
    _switch(toolkit, user, on=False)


def _switch(toolkit: Toolkit, user: Any, *, on: bool) -> None:
    with transaction.atomic():
        changed = Toolkit.objects.filter(pk=toolkit.pk, enabled=not on).update(enabled=on)
        if changed:
            emit("toolkit.enabled" if on else "toolkit.disabled", actor=user, target=toolkit)
    toolkit.enabled = on
