"""Personal tokens: made, used, revoked."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts.access import TOKEN_SCOPES
from accounts.models import PersonalToken, User
from accounts.problems import NotAllowed, TokenRefused
from accounts.providers import lifetime
from accounts.rules import may_edit
from toolbox import context
from toolbox.events import emit
from toolbox.problems import Problem

PREFIX = "srt_"
LONGEST = timedelta(days=366)
_MOST = 100
_TOUCH = timedelta(seconds=60)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


class TokenInvalid(Problem):
    """What was asked of a new token does not fit."""

    title = "The token was not made"

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.errors = [{"loc": [place], "message": message}]


@dataclass(frozen=True)
class TokenSpec:
    """What a new token is to be good for."""

    name: str
    expires_at: datetime
    scopes: Iterable[str]
    toolkits: Iterable[str] = field(default_factory=tuple)
    addresses: Iterable[str] = field(default_factory=tuple)


@transaction.atomic
def make(actor: User, user: User, spec: TokenSpec) -> tuple[PersonalToken, str]:
    """Make a token for ``user`` and return it with its text, which is never seen again.

    People make tokens for themselves; administrators for service accounts besides.
    """
    if actor.pk != user.pk and not (user.is_service and may_edit(actor, user)):
        raise NotAllowed(
            gettext("Tokens are made by their owner, or by an administrator for a service.")
        )
    _check(user, spec)
    text = PREFIX + secrets.token_urlsafe(32)
    token = PersonalToken.objects.create(
        user=user,
        name=spec.name.strip(),
        hint=text[: len(PREFIX) + 4],
        digest=digest(text),
        scopes=sorted(set(spec.scopes)),
        toolkits=sorted(set(spec.toolkits)),
        addresses=[str(ipaddress.ip_network(text, strict=False)) for text in spec.addresses],
        expires_at=spec.expires_at,
    )
    emit(
        "token.created", actor=actor, target=token, owner=user.username, scopes=token.scopes,
        toolkits=token.toolkits, expires=token.expires_at.isoformat(),
    )  # fmt: skip
    return token, text


def _check(user: User, spec: TokenSpec) -> None:
    if not spec.name.strip():
        raise TokenInvalid("name", gettext("Give the token a name."))
    now = timezone.now()
    if not now < spec.expires_at <= now + LONGEST:
        raise TokenInvalid("expires_at", gettext("A token runs out within a year."))
    if not set(spec.scopes) or set(spec.scopes) - set(TOKEN_SCOPES):
        raise TokenInvalid(
            "scopes",
            gettext("Choose from %(token_scopes)s.") % {"token_scopes": ", ".join(TOKEN_SCOPES)},
        )
    for slug in spec.toolkits:
        if not _SLUG.fullmatch(slug):
            raise TokenInvalid(
                "toolkits", gettext("%(slug)r is not the name of a toolkit.") % {"slug": slug}
            )
    for text in spec.addresses:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise TokenInvalid(
                "addresses", gettext("%(text)r is not an address or network.") % {"text": text}
            ) from None
    if user.personal_tokens.filter(revoked_at__isnull=True, expires_at__gt=now).count() >= _MOST:
        raise TokenInvalid(
            "name",
            gettext("There are %(most)s tokens already. Revoke some first.") % {"most": _MOST},
        )


@transaction.atomic
def revoke(actor: User, token: PersonalToken) -> None:
    """End a token: one's own, or as an administrator anybody's whom one may edit."""
    if actor.pk != token.user_id and not may_edit(actor, token.user):
        raise NotAllowed(gettext("This is not your token."))
    if token.revoked_at is not None:
        return
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    emit("token.revoked", actor=actor, target=token, owner=token.user.username)


def revoke_all(user: User, actor: User | None, reason: str) -> int:
    """End every token of ``user``."""
    alive = user.personal_tokens.filter(revoked_at__isnull=True)
    count = alive.update(revoked_at=timezone.now())
    if count:
        emit("token.revoked", actor=actor, target=user, owner=user.username, reason=reason)
    return count


def check(text: str) -> tuple[User, PersonalToken]:
    """Return the owner, narrowed to what the token leaves, and the token."""
    token = PersonalToken.objects.select_related("user").filter(digest=digest(text)).first()
    if token is None or not token.is_good or not token.user.is_active:
        raise TokenRefused("The token is not valid or has run out.")
    address = context.current().address
    if token.addresses and not _within(address, token.addresses):
        reason = "used from an address that it is not for"
        emit("token.refused", outcome="failure", target=token, reason=reason)
        raise TokenRefused("The token may not be used from this address.")
    if not lifetime.is_vouched_for(token.user):
        reason = "no sign-in provider has vouched for its owner of late"
        emit("token.refused", outcome="failure", target=token, reason=reason)
        raise TokenRefused("The token rests until its owner signs in again.")
    _touch(token, address)
    token.user.token_limits = token.limits
    return token.user, token


def _within(address: str, networks: list[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network) for network in networks)


def _touch(token: PersonalToken, address: str) -> None:
    now = timezone.now()
    if token.last_used_at and now - token.last_used_at < _TOUCH:
        return
    PersonalToken.objects.filter(pk=token.pk).update(last_used_at=now, last_used_address=address)


def digest(text: str) -> str:
    """What is kept of a token. It is random enough that a fast digest does."""
    return hashlib.sha256(text.encode()).hexdigest()
