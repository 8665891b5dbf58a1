"""Lockout after failed sign-ins, for each account and for each address.

An attempt is counted before it is judged, so that many at once get no extra guesses, and
forgiven when it was right. Names nobody has are counted like real ones: a lockout tells
nobody who exists.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.mailing import outbox
from accounts.models import SignInThrottle, User
from toolbox import context
from toolbox.events import emit
from toolbox.problems import Problem


@dataclass(frozen=True)
class Limit:
    """So many failures are let pass; then a pause that doubles with each further one."""

    scope: str
    failures: int
    pause: timedelta
    longest: timedelta

    def wait(self, failures: int) -> timedelta:
        """How long to shut out after ``failures``."""
        if failures < self.failures:
            return timedelta(0)
        doublings = min(failures - self.failures, 10)
        return min(self.pause * (1 << doublings), self.longest)


ACCOUNT = Limit("account", 5, timedelta(minutes=1), timedelta(minutes=15))
ADDRESS = Limit("address", 50, timedelta(minutes=1), timedelta(minutes=30))
SECOND_FACTOR = Limit("second factor", 5, timedelta(minutes=1), timedelta(minutes=15))
RESET = Limit("password reset", 3, timedelta(minutes=15), timedelta(hours=1))
RESET_ADDRESS = Limit("password reset by address", 20, timedelta(minutes=1), timedelta(minutes=30))
_TOLD = (ACCOUNT, SECOND_FACTOR)
_FORGOTTEN = timedelta(hours=1)


class LockedOut(Problem):
    """Too many failures. The words are the same whether or not the account exists."""

    http_status = 429
    title = "Too many attempts"

    def __init__(self, wait: timedelta) -> None:
        self.retry_after = max(1, math.ceil(wait.total_seconds()))
        minutes = math.ceil(self.retry_after / 60)
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(f"Too many attempts. Try again in {minutes} {unit}.")


@dataclass(frozen=True)
class Counted:
    """One count of an attempt, and the pause that it brought."""

    key: str
    limit: Limit
    failures: int
    pause: timedelta


@dataclass(frozen=True)
class Attempt:
    """An attempt that was counted, to be settled by one of its methods."""

    name: str
    counts: tuple[Counted, ...]
    user: User | None = None

    def succeeded(self) -> None:
        """Forget the failures of the account, and this one of the address."""
        for count in self.counts:
            if count.limit is ADDRESS:
                _forgive_one(count.key)
            else:
                SignInThrottle.objects.filter(pk=count.key).delete()

    def undone(self) -> None:
        """Take it back: nobody was judged, because what judges is away."""
        for count in self.counts:
            _forgive_one(count.key)

    @transaction.atomic
    def failed(self) -> None:
        """Report the lockouts that it brought."""
        for count in self.counts:
            if count.pause:
                emit(
                    "auth.locked_out", outcome="failure", username=self.name[:150],
                    scope=count.limit.scope, seconds=int(count.pause.total_seconds()),
                    failures=count.failures,
                )  # fmt: skip
                if count.limit in _TOLD and count.failures == count.limit.failures:
                    outbox.lockout(
                        self.user, address=context.current().address, scope=count.limit.scope
                    )


def begin(name: str, user: User | None, address: str, *, place: str = "") -> Attempt:
    """Count an attempt to sign in as ``name``; raise ``LockedOut`` where it may not be made.

    Every spelling that leads to one user counts as that user.
    """
    account = f"user:{user.pk}" if user else f"name:{place}:{_folded(name)}"
    keys = ((_key("account", account), ACCOUNT), (_key("address", address), ADDRESS))
    return Attempt(name, tuple(_count(key, limit) for key, limit in keys), user)


def begin_second_factor(user: User) -> Attempt:
    """Count an attempt at a second factor."""
    count = _count(_key("second factor", str(user.pk)), SECOND_FACTOR)
    return Attempt(user.username, (count,), user)


def begin_password_reset(mail: str, address: str) -> Attempt:
    """Count a request for a new password, whether or not anybody has the email address."""
    keys = ((_key("reset", _folded(mail)), RESET), (_key("reset by", address), RESET_ADDRESS))
    return Attempt(mail, tuple(_count(key, limit) for key, limit in keys))


def clear(user: User, actor: User | None = None) -> bool:
    """End the lockouts of ``user``; true when there was something to end."""
    keys = [_key("account", f"user:{user.pk}"), _key("second factor", str(user.pk))]
    places = user.identities.values_list("provider__slug", "name")
    keys += [_key("account", f"name:{place}:{_folded(name)}") for place, name in places]
    if not SignInThrottle.objects.filter(pk__in=keys).delete()[0]:
        return False
    emit("auth.lockout_cleared", actor=actor, target=user, scope="account")
    return True


def prune() -> int:
    """Delete counts that are forgotten anyway."""
    before = timezone.now() - _FORGOTTEN
    return SignInThrottle.objects.filter(last_attempt_at__lt=before).delete()[0]


def _count(key: str, limit: Limit) -> Counted:
    """Count one attempt, in a transaction of its own that no later failure takes back."""
    with transaction.atomic():
        SignInThrottle.objects.get_or_create(pk=key)
        row = SignInThrottle.objects.select_for_update().get(pk=key)
        now = timezone.now()
        if row.locked_until and row.locked_until > now:
            raise LockedOut(row.locked_until - now)
        if now - row.last_attempt_at > _FORGOTTEN:
            row.failures = 0
        row.failures += 1
        row.last_attempt_at = now
        pause = limit.wait(row.failures)
        row.locked_until = now + pause if pause else None
        row.save()
    return Counted(key, limit, row.failures, pause)


def _forgive_one(key: str) -> None:
    with transaction.atomic():
        row = SignInThrottle.objects.select_for_update().filter(pk=key).first()
        if row is None:
            return
        row.failures = max(0, row.failures - 1)
        row.locked_until = None
        row.save(update_fields=["failures", "locked_until"])


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _key(scope: str, value: str) -> str:
    return hashlib.sha256(f"{scope}\0{value}".encode()).hexdigest()
