"""Signing in: one door for the console and the API.

Whoever fails hears the same words after the same work, whether or not the account exists.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import login
from django.http import HttpRequest

from accounts import throttle
from accounts.models import User
from accounts.providers import local
from toolbox import context
from toolbox.events import emit
from toolbox.problems import Problem

BACKEND = "accounts.backends.UsernameOrEmailBackend"


class SignInFailed(Problem):
    """The sign-in was refused. Why is for the audit trail, not for whoever asks."""

    http_status = 401
    title = "Not signed in"

    def __init__(self) -> None:
        super().__init__("The name or the password is not right.")


@dataclass(frozen=True)
class Proof:
    """Who somebody proved to be, by which provider and how."""

    user: User
    provider: str
    methods: tuple[str, ...]


def by_password(name: str, password: str) -> Proof:
    """Check a name and a password. Raises ``SignInFailed`` or ``LockedOut``."""
    known = local.find(name)
    attempt = throttle.begin(name, known, context.current().address, place=local.SLUG)
    user, reason = local.verify(known, password)
    if user is None:
        attempt.failed()
        emit(
            "auth.sign_in_failed", outcome="failure", target=known,
            username=name[:150].replace("\0", ""), provider=local.SLUG, reason=reason,
        )  # fmt: skip
        raise SignInFailed
    attempt.succeeded()
    return Proof(user, local.SLUG, ("password",))


def begin_browser_session(request: HttpRequest, proof: Proof) -> None:
    """Sign the browser in. Its session gets a new key, and a row (``accounts.middleware``)."""
    request.signed_in_by = proof  # type: ignore[attr-defined]
    login(request, proof.user, backend=BACKEND)
