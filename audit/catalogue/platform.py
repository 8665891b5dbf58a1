"""Events of the platform itself."""

from __future__ import annotations

from audit.catalogue.types import notice, warning

EVENTS = [
    notice("retention.changed", "How long something is kept was changed.", of="what"),
    notice("support.bundle_made", "A support bundle was downloaded."),
    notice("backup.begun", "A backup of everything but secrets is written.", folder="where to"),
    warning(
        "backup.restored", "A backup was restored: what came after it is gone.",
        folder="where from", taken_at="when it was taken",
    ),
    warning(
        "platform.maintenance_begun", "The platform was closed for everybody but administrators.",
        message="what people are told",
    ),
    notice("platform.maintenance_ended", "The platform was opened again."),
]
