"""Which jobs wait for a Vault that cannot be used just now, and how long.

An operation says so by ``on_vault_away``. A job that was not begun yet is put off, which costs it
none of its retries; what a running one asks for is answered once Vault works again
(``toolkits/runtime/vault_waits.py``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.conf import settings
from django.utils import timezone

from toolbox.secrets import SecretsSignInRefused, SecretsUnavailable
from toolkits.models import Job

#: The kind of error of an attempt that was not begun, because Vault was away.
AWAY = "vault_away"
#: How long the first wait is, and the longest.
_FIRST, _LONGEST = 2.0, 30.0


def is_away(error: Exception) -> bool:
    """Whether Vault as a whole cannot be used; not one path or one secret of it."""
    return isinstance(error, SecretsUnavailable | SecretsSignInRefused)


def waits(described: dict[str, Any] | None) -> bool:
    """Whether jobs of the operation wait for Vault."""
    return bool(described) and (described or {}).get("on_vault_away") == "wait"


def limit() -> timedelta:
    """How long a job waits for Vault at one time."""
    return timedelta(seconds=settings.TOOLKIT_VAULT_WAIT_SECONDS)


def put_off(job: Job) -> float | None:
    """Seconds until a job that could not be begun is tried again; None when it has waited long
    enough."""
    earlier = list(takewhile(lambda one: one[0] == AWAY, _attempts_before(job)))
    since = earlier[-1][1] if earlier else job.started_at
    if since is None or timezone.now() - since >= limit():
        return None
    return min(_LONGEST, _FIRST * 2.0 ** min(len(earlier), 10))


def attempts_that_count(job: Job) -> int:
    """The attempts at a job without those that only found Vault away."""
    return job.attempt - sum(reason == AWAY for reason, _ in _attempts_before(job))


def _attempts_before(job: Job) -> list[tuple[str, datetime]]:
    """How the attempts before the present one ended and when they began, the latest first."""
    before = job.attempts.filter(number__lt=job.attempt).order_by("-number")
    return list(before.values_list("exit_reason", "started_at"))
