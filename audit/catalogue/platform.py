"""Events of the platform itself."""

from __future__ import annotations

from audit.catalogue.types import notice, warning

_VAULT = "Vault's address"

EVENTS = [
    notice("retention.changed", "How long something is kept was changed.", of="what"),
    notice("support.bundle_made", "A support bundle was downloaded."),
    notice("backup.begun", "A backup of everything but secrets is written.", folder="where to"),
    warning(
        "backup.restored", "A backup was restored: what came after it is gone.",
        folder="where from", taken_at="when it was taken",
    ),
    warning("vault.initialised", "A new Vault was initialised for the platform.", address=_VAULT),
    notice("vault.unsealed", "Vault was unsealed with a file of keys.", address=_VAULT),
    notice(
        "vault.changed", "Something that the platform needs was made in Vault.",
        address=_VAULT, what="such as a policy or a role",
    ),
    notice(
        "vault.credentials_issued", "The platform was given new credentials for Vault.",
        address=_VAULT, what="an AppRole's secret id or a token", file="where they were written",
    ),
    warning(
        "platform.maintenance_begun", "The platform was closed for everybody but administrators.",
        message="what people are told",
    ),
    notice("platform.maintenance_ended", "The platform was opened again."),
]
