"""Events of the platform itself."""

from __future__ import annotations

from audit.catalogue.types import notice, warning

EVENTS = [
    notice("settings.changed", "A setting of the platform was changed."),
    notice("retention.changed", "How long something is kept was changed.", of="what"),
    notice("queue.changed", "Queued work was removed or moved by hand.", queue="the queue"),
    notice("support.bundle_made", "A support bundle was downloaded."),
    notice("backup.begun", "A backup of everything but secrets is written.", folder="where to"),
    warning(
        "backup.restored", "A backup was restored: what came after it is gone.",
        folder="where from", taken_at="when it was taken",
    ),
    notice("export.made", "Data was exported.", of="what", format="file format", rows="how many"),
    notice("vault.bootstrapped", "Vault was set up for the platform.", mount="the KV mount"),
    warning("webhook.refused", "An incoming call was refused.", reason="why, in words"),
]
