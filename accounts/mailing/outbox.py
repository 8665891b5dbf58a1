"""Notes what mail is to go out, in the transaction of the act that it is about."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from accounts.models import Invitation, MailPurpose, OutgoingMail, User


def possible() -> bool:
    """Whether a mail server is set."""
    return bool(settings.EMAIL_URL)


def invitation(row: Invitation) -> None:
    """Send the link of an invitation, or of an account's own, to its address."""
    purpose = MailPurpose.PASSWORD if row.user_id else MailPurpose.INVITATION
    OutgoingMail.objects.create(purpose=purpose, invitation=row)


def forgotten(address: str) -> None:
    """Send a link to whoever has this address, if anybody does: that is asked later."""
    OutgoingMail.objects.create(purpose=MailPurpose.FORGOTTEN, asked_for=address)


def lockout(user: User | None, **details: Any) -> None:
    """Tell a user that somebody kept failing to sign in as them. Nobody is noted as well."""
    if possible():
        OutgoingMail.objects.create(purpose=MailPurpose.LOCKOUT, user=user, details=details)
