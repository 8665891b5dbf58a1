"""What of jobs, queues, workers and cards is measured at the moment of asking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count
from django.utils import timezone
from redis.exceptions import RedisError

from toolbox.metrics.gauges import Gauge
from toolkits.jobs import overview
from toolkits.jobs.states import TERMINAL
from toolkits.models import CardState, Job, Toolkit


def read() -> Iterator[Gauge]:
    """Every gauge. What needs Redis is left out while it is away."""
    unfinished = Job.objects.exclude(state__in=TERMINAL).order_by().values_list("state")
    for state, count in unfinished.annotate(count=Count("pk")):
        yield Gauge("toolbox_jobs", "Jobs that have not ended.", count, (("state", state),))
    for enabled in (True, False):
        count = Toolkit.objects.installed().filter(enabled=enabled).count()
        label = (("enabled", str(enabled).lower()),)
        yield Gauge("toolbox_toolkits", "Installed toolkits.", count, label)
    lease = overview.lease()
    acts = float(lease is not None and lease.held)
    yield Gauge("toolbox_scheduler_up", "1 while a scheduler acts.", acts)
    yield from _cards()
    try:
        yield from _queues()
    except RedisError:
        return


def _age(moment: datetime | None) -> float:
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else 0.0


def _queues() -> Iterator[Gauge]:
    workers = overview.workers()
    for queue in overview.queues(workers):
        label = (("queue", queue.name),)
        yield Gauge("toolbox_queue_depth", "Jobs that wait in a queue.", queue.waiting, label)
        yield Gauge("toolbox_queue_running", "Jobs of a queue that run.", queue.running, label)
        yield Gauge("toolbox_queue_workers", "Workers of a queue.", queue.workers, label)
        age = _age(queue.oldest)
        yield Gauge("toolbox_queue_oldest_seconds", "How long the oldest has waited.", age, label)


def _cards() -> Iterator[Gauge]:
    cards = CardState.objects.filter(toolkit__enabled=True, toolkit__removed_at=None)
    for slug, name, at in cards.values_list("toolkit__slug", "name", "refreshed_at"):
        if at is not None:
            label = (("toolkit", slug), ("card", name))
            yield Gauge("toolbox_card_age_seconds", "Age of a card's content.", _age(at), label)
