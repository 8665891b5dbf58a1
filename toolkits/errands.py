"""Has workers do what accounts have to do outside: a slow mail server or directory holds up
nobody but the worker."""

from __future__ import annotations

from redis.exceptions import RedisError

from accounts.mailing import deliver
from accounts.providers import recheck
from toolkits.jobs import queues

DELIVER = "accounts.mailing.deliver.deliver"
RECHECK = "accounts.providers.recheck.sweep"
_PILE = 100


def mail() -> int:
    """Call workers for mails that are due; returns how many. Without Redis they wait."""
    return _call({f"mail-{mail_id}": (DELIVER, mail_id) for mail_id in deliver.due()})


def ask_directories() -> int:
    """Call a worker when people are to be asked for again."""
    return _call({"directories": (RECHECK,)} if recheck.due() else {})


def _call(calls: dict[str, tuple[str, ...]]) -> int:
    if not calls:
        return 0
    try:
        # While no worker takes calls, more of them would only pile up.
        if queues.waiting_calls(queues.LOW) >= _PILE:
            return 0
        for rq_id, (function, *args) in calls.items():
            queues.tell(queues.LOW, function, *args, rq_id=rq_id)
    except RedisError:
        return 0
    return len(calls)
