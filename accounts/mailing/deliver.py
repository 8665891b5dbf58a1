"""Sends what the outbox holds, again and again for a while when that fails."""

from __future__ import annotations

import logging
import smtplib
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from accounts.mailing import letters, outbox
from accounts.models import MailPurpose, OutgoingMail
from toolbox.events import emit

log = logging.getLogger(__name__)

#: Seconds between tries. A link that comes hours late helps nobody.
PAUSES = (15, 60, 300, 900, 1800)
_TAKEN = timedelta(seconds=120)
_BATCH = 100


def due() -> list[str]:
    """Ids of mails whose time has come."""
    if not outbox.possible():
        return []
    found = OutgoingMail.objects.filter(next_try_at__lte=timezone.now())
    return [str(pk) for pk in found.order_by("next_try_at").values_list("pk", flat=True)[:_BATCH]]


def deliver(mail_id: str) -> None:
    """Try to send one mail, unless somebody else is at it or it is not due."""
    now = timezone.now()
    taken = OutgoingMail.objects.filter(pk=mail_id, next_try_at__lte=now)
    if not taken.update(next_try_at=now + _TAKEN):
        return
    mail = OutgoingMail.objects.select_related("invitation__user", "user").get(pk=mail_id)
    letter = letters.write(mail)
    if letter is None:
        mail.delete()
        return
    try:
        _send(letter)
    except (OSError, smtplib.SMTPException) as error:
        _failed(mail, letter, f"{type(error).__name__}: {error}")
    else:
        with transaction.atomic():
            emit("mail.sent", target=letter.about, purpose=mail.purpose, to=letter.to)
            mail.delete()


def _send(letter: letters.Letter) -> None:
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(letter.subject, letter.body, to=[letter.to], headers=headers).send()


def _failed(mail: OutgoingMail, letter: letters.Letter, reason: str) -> None:
    log.warning("mail %s was not sent: %s", mail.pk, reason)
    if mail.tries < len(PAUSES):
        mail.next_try_at = timezone.now() + timedelta(seconds=PAUSES[mail.tries])
        mail.tries, mail.last_error = mail.tries + 1, reason[:300]
        mail.save(update_fields=["next_try_at", "tries", "last_error"])
        return
    with transaction.atomic():
        emit(
            "mail.failed", target=letter.about, outcome="failure",
            purpose=MailPurpose(mail.purpose).value, to=letter.to, reason=reason[:300],
        )  # fmt: skip
        mail.delete()
