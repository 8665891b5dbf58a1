"""Signing in: one door for the console and the API.

Whoever fails hears the same words after the same work, whether or not the account exists. Why
it failed is in the audit trail.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest

from accounts import provisioning, throttle
from accounts.models import Provider, ProviderKind, User
from accounts.providers import bootstrap, directory, local
from accounts.providers.claims import Claims
from accounts.providers.problems import ProviderRefused, ProviderUnavailable
from toolbox import context
from toolbox.events import emit
from toolbox.problems import Problem

log = logging.getLogger(__name__)

BACKEND = "accounts.backends.UsernameOrEmailBackend"


class SignInFailed(Problem):
    """The sign-in was refused. Why is for the audit trail, not for whoever asks."""

    http_status = 401
    title = "Not signed in"

    def __init__(self) -> None:
        super().__init__("The name or the password is not right.")


class ProviderAway(Problem):
    """The provider cannot be asked. What failed is in the log."""

    http_status = 503
    title = "Signing in is not possible now"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot be asked now. Try again later, or tell an administrator.")


@dataclass(frozen=True)
class Proof:
    """Who somebody proved to be, by which provider and how."""

    user: User
    provider: str
    methods: tuple[str, ...]
    id_token: str = field(default="", repr=False)


def providers() -> list[Provider]:
    """The ways to sign in, in order."""
    bootstrap.ensure()
    return list(Provider.objects.usable())


def by_password(name: str, password: str, slug: str = "") -> Proof:
    """Check a name and a password at the provider ``slug``, or the first that takes one.

    Raises ``SignInFailed``, ``LockedOut`` or ``ProviderAway``.
    """
    provider = _by_password(slug)
    place = provider.slug if provider else slug[:64]
    known = local.find(name) if provider and provider.kind == ProviderKind.LOCAL else None
    attempt = throttle.begin(name, known, context.current().address, place=place)
    try:
        user = _verify(provider, known, name, password)
    except ProviderRefused as refused:
        attempt.failed()
        failed(name, place, str(refused), known)
        raise SignInFailed from None
    except ProviderUnavailable as away:
        attempt.undone()
        raise unavailable(provider, place, away) from None
    attempt.succeeded()
    return Proof(user, place, ("password",))


def by_claims(provider: Provider, claims: Claims) -> Proof:
    """Sign in whoever ``provider`` says it is. Raises ``ProviderRefused``."""
    user = provisioning.user_for(provider, claims)
    return Proof(user, provider.slug, claims.methods, claims.id_token)


def failed(name: str, provider: str, reason: str, target: User | None = None) -> None:
    """Record a refused sign-in."""
    emit(
        "auth.sign_in_failed", outcome="failure", target=target,
        username=name[:150].replace("\0", ""), provider=provider, reason=reason[:300],
    )  # fmt: skip


def unavailable(provider: Provider | None, place: str, why: ProviderUnavailable) -> ProviderAway:
    """Log what failed, and return what whoever signs in may hear of it."""
    log.error("the sign-in provider %s: %s", place, why)
    return ProviderAway(provider.name if provider else place)


def begin_browser_session(request: HttpRequest, proof: Proof) -> None:
    """Sign the browser in. Its session gets a new key, and a row (``accounts.middleware``)."""
    request.signed_in_by = proof  # type: ignore[attr-defined]
    # Django's own signal writes the row, the audit app's writes the event: both or neither.
    with transaction.atomic():
        login(request, proof.user, backend=BACKEND)


def _by_password(slug: str) -> Provider | None:
    bootstrap.ensure()
    found = Provider.objects.by_password()
    return (found.filter(slug=slug) if slug else found).first()


def _verify(provider: Provider | None, known: User | None, name: str, password: str) -> User:
    if provider is None or provider.kind == ProviderKind.LOCAL:
        user, reason = local.verify(known, password)
        if user is None:
            raise ProviderRefused(reason if provider else "there is no such provider")
        return user
    return provisioning.user_for(provider, directory.verify(provider, name, password))
