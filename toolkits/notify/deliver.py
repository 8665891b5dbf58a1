"""Delivers messages, again and again for a while when that fails."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from toolbox.events import emit
from toolkits.jobs import queues
from toolkits.models import DeliveryState, NotificationChannel, NotificationDelivery
from toolkits.notify import message, outbox, webhook
from toolkits.notify.webhook import NotDelivered

log = logging.getLogger(__name__)

#: Seconds between tries: the last is nearly a day after the first.
PAUSES = (30, 120, 600, 1800, 7200, 21_600, 43_200)
_TAKEN = timedelta(seconds=120)
_BATCH = 100


def deliver(delivery_id: str) -> None:
    """Try to deliver one message, unless somebody else is at it or it is not due."""
    if not _take(delivery_id):
        return
    found = NotificationDelivery.objects.select_related("rule", "job__toolkit")
    delivery = found.get(pk=delivery_id)
    try:
        if delivery.rule.channel == NotificationChannel.EMAIL:
            _mail(delivery)
        else:
            webhook.send(delivery)
    except NotDelivered as error:
        _failed(delivery, str(error))
    else:
        NotificationDelivery.objects.filter(pk=delivery.pk).update(
            state=DeliveryState.DELIVERED, delivered_at=timezone.now(), last_error=""
        )


def _take(delivery_id: str) -> bool:
    """Make the message not due for as long as a try takes, so that one worker alone tries."""
    now = timezone.now()
    due = NotificationDelivery.objects.filter(
        pk=delivery_id, state=DeliveryState.PENDING, next_try_at__lte=now
    )
    return bool(due.update(next_try_at=now + _TAKEN))


def _mail(delivery: NotificationDelivery) -> None:
    mail = EmailMessage(
        subject=message.subject(delivery.job),
        body=message.text(delivery),
        to=[],
        bcc=[str(address) for address in delivery.rule.recipients],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"The mail server refused it: {error}") from error


def _failed(delivery: NotificationDelivery, reason: str) -> None:
    tries = delivery.tries + 1
    given_up = tries > len(PAUSES) or not delivery.rule.enabled
    values = {"tries": tries, "last_error": reason[:500]}
    log.warning("notification %s was not delivered: %s", delivery.pk, reason)
    with transaction.atomic():
        rows = NotificationDelivery.objects.filter(pk=delivery.pk)
        if given_up:
            rows.update(state=DeliveryState.FAILED, next_try_at=None, **values)
            emit("notification.failed", target=delivery.rule, outcome="failure", reason=reason)
        else:
            again = timezone.now() + timedelta(seconds=PAUSES[tries - 1])
            rows.update(next_try_at=again, **values)


def deliver_due() -> int:
    """Call workers for messages that are due; returns how many."""
    due = NotificationDelivery.objects.filter(
        state=DeliveryState.PENDING, next_try_at__lte=timezone.now()
    )
    try:
        # While no worker takes calls, more of them would only pile up.
        if queues.waiting_calls(queues.LOW) >= _BATCH:
            return 0
    except RedisError:
        return 0
    deliveries = list(due.order_by("next_try_at")[:_BATCH])
    outbox.call_workers(deliveries)
    return len(deliveries)
