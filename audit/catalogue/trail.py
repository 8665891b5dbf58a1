"""Events of the audit trail itself."""

from __future__ import annotations

from audit.catalogue.types import critical, info, notice, warning

_FILTERS = "filters that were set"

EVENTS = [
    info("audit.viewed", "The audit trail was read.", filters=_FILTERS, via="page, api or admin"),
    notice("audit.exported", "The audit trail was exported.", filters=_FILTERS, format="format"),
    notice("audit.verify_requested", "A verification of the whole trail was requested."),
    info(
        "audit.verified",
        "The trail was verified and is whole.",
        rows="rows checked",
        through="last sequence number",
    ),
    critical(
        "audit.verification_failed",
        "The trail was verified and is not what was written.",
        rows="rows checked",
        problems="how many",
        first="the first problem, in words",
    ),
    critical(
        "audit.unproven_event",
        "An event was found that the platform did not write, or not so.",
        event="id of the event",
        reason="what is wrong with it",
    ),
    critical("audit.chain_broken", "The head of the chain was changed.", reason="what is wrong"),
    notice(
        "audit.key_changed",
        "Checkpoints are signed with another key from here on.",
        key="id of the new key",
        public_key="the new key, in hexadecimal",
        before="id of the key before",
    ),
    notice(
        "audit.pruned",
        "Events past their retention were deleted.",
        first="first sequence number",
        through="last sequence number",
        deleted="how many",
        kept="how many a legal hold kept",
        before="the cut-off",
    ),
    notice("audit.hold_placed", "A legal hold was placed: what it covers is not deleted."),
    notice("audit.hold_released", "A legal hold was released."),
    notice(
        "audit.evidence_packed",
        "An evidence pack was made.",
        jobs="how many jobs",
        events="how many events",
        since="start of the time range",
        until="end of the time range",
    ),
    warning(
        "audit.forwarding_failed",
        "Events could not be forwarded; they wait and are sent later.",
        sink="where to, without its credentials",
        reason="why, in words",
    ),
    info("audit.forwarding_resumed", "Events are forwarded again.", sink="where to"),
]
