"""Writes a message for everybody who is to be told of a job's end, with the end itself."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from toolkits.jobs import queues
from toolkits.jobs.states import JobState
from toolkits.models import Job, NotificationDelivery, NotificationRule

log = logging.getLogger(__name__)

DELIVER = "toolkits.notify.deliver.deliver"
#: Rules are read at most this often, so that the end of a job costs no query where nobody is told.
_KEPT_SECONDS = 2.0
_NOTICE = "notice"

_rules: list[NotificationRule] = []
_read_at = float("-inf")


def forget() -> None:
    """Read the rules anew at the next end of a job."""
    global _read_at
    _read_at = float("-inf")


def _current() -> list[NotificationRule]:
    global _rules, _read_at
    if time.monotonic() - _read_at > _KEPT_SECONDS:
        _rules = list(NotificationRule.objects.filter(enabled=True))
        _read_at = time.monotonic()
    return _rules


def _fits(rule: NotificationRule, job: Job, state: JobState) -> bool:
    wanted: list[tuple[Any, Any]] = [
        (rule.toolkit_id, job.toolkit_id),
        (rule.operation, job.operation),
        (rule.schedule_id, job.schedule_id),
    ]
    if not all(own in (None, "", found) for own, found in wanted):
        return False
    return state in rule.outcomes or (_NOTICE in rule.outcomes and job.notices.exists())


def add(job: Job, state: JobState) -> None:
    """Write a message for each rule that fits, in the caller's transaction.

    Children and dry runs are their parents' affair.
    """
    if job.parent_id is not None or job.dry_run:
        return
    fitting = [rule for rule in _current() if _fits(rule, job, state)]
    if not fitting:
        return
    now = timezone.now()
    deliveries = [NotificationDelivery(rule=rule, job=job, next_try_at=now) for rule in fitting]
    NotificationDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    transaction.on_commit(lambda: call_workers(deliveries))


def call_workers(deliveries: list[NotificationDelivery]) -> None:
    """Let workers deliver; when Redis cannot be reached, the scheduler does it later."""
    for delivery in deliveries:
        try:
            queues.tell(queues.LOW, DELIVER, str(delivery.pk), rq_id=f"notify-{delivery.pk}")
        except RedisError as error:
            log.warning("notifications wait: the queue is not reachable (%s)", error)
            return
