"""What of the audit trail is measured at the moment of asking."""

from __future__ import annotations

from collections.abc import Iterator

from audit import chain
from audit.forward import behind
from audit.models import Verification
from toolbox.metrics.gauges import Gauge


def read() -> Iterator[Gauge]:
    """Every gauge."""
    status = chain.status()
    yield Gauge(
        "toolbox_audit_unsealed_seconds",
        "How long the oldest event has waited to be sealed.",
        status.oldest_unsealed_seconds,
    )
    last = Verification.objects.exclude(finished_at=None).order_by("-id").first()
    yield Gauge(
        "toolbox_audit_problems",
        "Problems that the last verification of the audit trail found.",
        len(last.problems) if last else 0,
    )
    for place, count in behind(status.sequence).items():
        yield Gauge(
            "toolbox_audit_forward_behind",
            "Sealed events that a place of AUDIT_FORWARD_TO has not got yet.",
            count,
            (("place", place),),
        )
