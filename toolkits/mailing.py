"""Has workers send the mail about accounts that is due: a slow mail server holds up nobody."""

from __future__ import annotations

from redis.exceptions import RedisError

from accounts.mailing import deliver
from toolkits.jobs import queues

DELIVER = "accounts.mailing.deliver.deliver"
_PILE = 100


def call_due() -> int:
    """Call workers for mails that are due; returns how many. Without Redis they wait."""
    waiting = deliver.due()
    if not waiting:
        return 0
    try:
        # While no worker takes calls, more of them would only pile up.
        if queues.waiting_calls(queues.LOW) >= _PILE:
            return 0
        for mail_id in waiting:
            queues.tell(queues.LOW, DELIVER, mail_id, rq_id=f"mail-{mail_id}")
    except RedisError:
        return 0
    return len(waiting)
