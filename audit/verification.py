"""Runs of verification: at once for a command, in steps by the scheduler, and what came out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import chain
from audit.models import Event, Verification
from audit.verify import Report, Walk, verify
from toolbox.events import emit

log = logging.getLogger(__name__)

_STEP = 10_000


def run(actor: Any = None, outside: Sequence[dict[str, Any]] = ()) -> Report:
    """Verify the whole trail at once, record the outcome, and return the report."""
    begun = timezone.now()
    report = verify(outside)
    with transaction.atomic():
        Verification.objects.create(
            requested_at=begun,
            requested_by=actor,
            finished_at=timezone.now(),
            through=report.through,
            rows=report.rows,
            problems=[finding.as_dict() for finding in report.findings],
        )
        _record(report, actor)
    return report


def request(actor: Any) -> Verification:
    """Have the scheduler verify the whole trail; one that is under way already will do."""
    with transaction.atomic():
        under_way = Verification.objects.filter(finished_at=None).first()
        made = under_way or Verification.objects.create(requested_by=actor)
        emit("audit.verify_requested", actor=actor, target=made)
    return made


def begin_due() -> int:
    """Begin the regular verification when it is time."""
    hours = settings.AUDIT_VERIFY_HOURS
    if not hours or not Event.objects.exists():
        return 0
    recent = Verification.objects.filter(requested_at__gt=timezone.now() - timedelta(hours=hours))
    if recent.exists():
        return 0
    Verification.objects.create()
    return 1


def advance() -> int:
    """Go on with the verification that is under way; returns how many events were checked."""
    made = Verification.objects.filter(finished_at=None).order_by("id").first()
    if made is None:
        return 0
    if not made.state:
        chain.seal_pending()
    walk = Walk(made.state)
    more = walk.step(_STEP)
    checked = walk.report.rows - made.rows
    made.state, made.rows, made.through = walk.state(), walk.report.rows, walk.report.through
    if more:
        made.save(update_fields=["state", "rows", "through"])
        return checked
    report = walk.finish()
    made.problems = [finding.as_dict() for finding in report.findings]
    made.finished_at, made.state = timezone.now(), {}
    with transaction.atomic():
        made.save()
        _record(report, made.requested_by)
    return checked


def _record(report: Report, actor: Any) -> None:
    if report.whole:
        emit("audit.verified", actor=actor, rows=report.rows, through=report.through)
        return
    first = str(report.findings[0])
    log.critical("the audit trail is not whole: %s", first)
    emit(
        "audit.verification_failed",
        actor=actor,
        outcome="failure",
        rows=report.rows,
        problems=report.count,
        first=first,
    )
