"""Whether somebody proved of late who they are: asked before what a borrowed browser or a stolen
access token must not do, such as making what outlives them."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext

from accounts.mfa import policy
from accounts.models import User, UserSession
from toolbox.problems import Problem

_KEY = "accounts.confirmed"
_SECONDS = 15 * 60


class ProofTooOld(Problem):
    """The sign-in is good, and too old for this."""

    http_status = 403
    title = "Is it still you?"

    def __init__(self) -> None:
        super().__init__(
            gettext("You signed in a while ago. Sign in again, or confirm who you are, first.")
        )


def confirmed(session: SessionBase) -> None:
    """Note that whoever is at this browser proved it just now."""
    session[_KEY] = time.time()


def is_recent(user: User, sign_in: UserSession | None, session: Any) -> bool:
    """Whether ``user`` signed in or confirmed within a quarter of an hour. ``session`` is the
    browser's, where there is one.

    Whoever has neither a password here nor a second factor has nothing to confirm by.
    """
    if not user.has_usable_password() and not policy.factors(user):
        return True
    if sign_in is None:
        return False
    last = max(sign_in.created_at.timestamp(), float(session.get(_KEY, 0)))
    return time.time() - last < _SECONDS
