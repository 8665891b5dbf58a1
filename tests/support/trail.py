"""The audit trail in tests: made empty between tests, and tampered with."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.utils import timezone

from accounts.models import User
from audit import canonical, chain, holds, keys, retention, signing, triggers
from audit.catalogue import CATALOGUE
from audit.models import (
    ChainHead,
    Checkpoint,
    Event,
    ForwardPosition,
    LegalHold,
    SigningKey,
    Verification,
)
from toolbox.events import emit

NAMES = ("job.requested", "job.ended", "toolkit.enabled", "record.updated", "auth.sign_in_failed")


@contextmanager
def unguarded() -> Iterator[None]:
    """Take away the triggers that make the trail append-only, as the tables' owner can."""
    triggers.remove(connection)
    try:
        yield
    finally:
        triggers.install(connection)


def let_flush_through() -> None:
    """Have the flush between transactional tests get past the triggers."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def past_triggers(self: Any, sql_list: list[str]) -> Any:
        triggers.remove(self.connection)
        try:
            return flush(self, sql_list)
        finally:
            triggers.install(self.connection)

    BaseDatabaseOperations.execute_sql_flush = past_triggers  # type: ignore[method-assign]


def tamper(sql: str, params: list[Any] | None = None) -> int:
    """Run a statement behind the triggers' back; returns how many rows it touched."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(sql, params or [])
        return cursor.rowcount


def grow(
    count: int, *, start: datetime | None = None, step: float = 1.0, batch: int = 5000
) -> None:
    """Write ``count`` sealed events, as the platform would have over time, but quickly.

    They begin at ``start`` (by default so long ago that they end now), ``step`` seconds apart.
    """
    head = ChainHead.objects.get_or_create(pk=1, defaults={"hash": canonical.GENESIS})[0]
    moment = start or timezone.now() - timedelta(seconds=count * step)
    own = keys.current()
    SigningKey.objects.get_or_create(key_id=own.id, defaults={"public_key": own.public_key})
    with unguarded():
        for done in range(0, count, batch):
            events = []
            for number in range(done, min(done + batch, count)):
                event = _made(number, moment + timedelta(seconds=number * step))
                content = canonical.digest(canonical.values(event))
                event.proof = own.prove(content)
                head.sequence += 1
                head.hash = canonical.link(head.sequence, head.hash, content, event.proof)
                event.sequence, event.hash = head.sequence, head.hash
                events.append(event)
                if head.sequence % settings.AUDIT_CHECKPOINT_EVENTS == 0:
                    signing.write_checkpoint(head.sequence, head.hash)
            Event.objects.bulk_create(events, batch_size=500)
        signing.sign_head(head)
        head.save(force_update=True)


def _made(number: int, moment: datetime) -> Event:
    user = uuid.UUID(int=number % 50)
    kind = CATALOGUE[NAMES[number % len(NAMES)]]
    return Event(
        id=uuid7_at(moment, number),
        time=moment,
        name=kind.name,
        severity=kind.severity,
        outcome="failure" if kind.name.endswith("failed") else "success",
        actor_type="user",
        actor_id=str(user),
        actor_label=f"user{number % 50}",
        target_type="toolkits.job",
        target_id=str(uuid.UUID(int=number % 100_000)),
        target_label=f"sample.hello {number}",
        address=f"192.0.2.{number % 250}",
        user_agent="Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
        request_id=f"{number:032x}",
        changes={"fields": ["enabled"]} if number % 3 == 0 else {},
        details={"via": "console", "operation": "hello", "word": f"w{number}"},
    )


def uuid7_at(moment: datetime, number: int = 0) -> uuid.UUID:
    """An id as it would have been made at ``moment``; ``number`` keeps the order within it."""
    milliseconds = int(moment.timestamp() * 1000)
    value = milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | (number & (1 << 62) - 1)
    return uuid.UUID(int=value)


def samples(owner: User) -> dict[str, str]:
    """One row of each kind that the trail has, by name: for walks over addresses."""
    emit("user.changed", actor=owner, target=owner)
    chain.seal_pending()
    hold = LegalHold(reason="Case 17", event="auth.")
    holds.place(hold, owner)
    place = ForwardPosition.objects.create(sink="0" * 64, label="https://siem.example")
    made = {
        "event": Event.objects.get(name="user.changed"),
        "checkpoint": Checkpoint.objects.get(),
        "signingkey": SigningKey.objects.get(),
        "legalhold": hold,
        "retentionrule": retention.set_days(30, owner),
        "verification": Verification.objects.create(),
        "forwardposition": place,
    }
    return {name: str(row.pk) for name, row in made.items()}
