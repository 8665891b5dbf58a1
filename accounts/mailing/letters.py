"""What the mails say, and to whom they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.models import MailPurpose, OutgoingMail, User


@dataclass(frozen=True)
class Letter:
    """A mail as it goes out. ``about`` is the user or invitation that it concerns."""

    to: str
    subject: str
    body: str
    about: Any


def write(mail: OutgoingMail) -> Letter | None:
    """Write a mail, making its link; None where there is nobody to write to, or nothing any more.

    A link of an earlier try is void once a new one is made.
    """
    if mail.purpose == MailPurpose.LOCKOUT:
        return _lockout(mail)
    if mail.purpose == MailPurpose.FORGOTTEN:
        return _forgotten(mail)
    row = mail.invitation
    to = (row.user.email if row.user else row.email) if row else ""
    if row is None or not to or not row.is_good:
        return None
    link = invitations.renew(row)
    if row.user:
        return _letter("password", to, _("Set your password"), row.user, link=link, user=row.user)
    return _letter("invitation", to, _("You are invited"), row, link=link, invitation=row)


def _forgotten(mail: OutgoingMail) -> Letter | None:
    """The address is the account's own, not as it was typed: look-alikes lead nowhere else."""
    user = User.objects.filter(email__iexact=mail.asked_for, is_active=True).first()
    if user is None or user.is_service:
        return None
    if not user.has_usable_password():
        names = sorted(set(user.identities.values_list("provider__name", flat=True)))
        title = _("You sign in without a password here")
        return _letter("no_password", user.email, title, user, user=user, providers=names)
    _row, link = invitations.forgotten_link(user)
    return _letter("forgotten", user.email, _("Set a new password"), user, link=link, user=user)


def _lockout(mail: OutgoingMail) -> Letter | None:
    user = mail.user
    if user is None or not user.email or not user.is_active:
        return None
    title = _("Too many attempts to sign in as you")
    return _letter("lockout", user.email, title, user, user=user, time=mail.created_at,
                   **mail.details)  # fmt: skip


def _letter(template: str, to: str, title: str, about: Any, **context: Any) -> Letter:
    context = {"origin": settings.FRONTEND_BASE_URL, **context}
    body = render_to_string(f"account/mail/{template}.txt", context)
    return Letter(to, f"SRE Toolbox: {title}", body.strip() + "\n", about)
