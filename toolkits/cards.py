"""Dashboard cards: which there are, and when each is due."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from redis.exceptions import RedisError

from toolkits.jobs import queues
from toolkits.models import CardState, Toolkit

RUN_CARD = "toolkits.runtime.cards.run_card"
_BATCH = 50


def sync(toolkit: Toolkit) -> None:
    """Make the rows agree with the cards of the active version; all are due at once."""
    names = [card["name"] for card in toolkit.cards]
    CardState.objects.filter(toolkit=toolkit).exclude(name__in=names).delete()
    now = timezone.now()
    CardState.objects.bulk_create(
        [CardState(toolkit=toolkit, name=name, next_refresh_at=now) for name in names],
        ignore_conflicts=True,
    )
    CardState.objects.filter(toolkit=toolkit).update(next_refresh_at=now)


def refresh_due() -> int:
    """Put every card that is due on the queue; returns how many."""
    now = timezone.now()
    due = CardState.objects.filter(
        next_refresh_at__lte=now, toolkit__enabled=True, toolkit__removed_at=None
    ).select_related("toolkit__active_version")
    count = 0
    for state in due.order_by("next_refresh_at")[:_BATCH]:
        card = state.toolkit.card(state.name)
        seconds = int(card["refresh"]) if card else 3600
        # The next time is set before the queue is told: a queue that is down costs one turn.
        CardState.objects.filter(pk=state.pk).update(
            next_refresh_at=now + timedelta(seconds=seconds)
        )
        try:
            queues.tell(queues.LOW, RUN_CARD, str(state.pk), rq_id=f"card-{state.pk}")
        except RedisError:
            return count
        count += 1
    return count
