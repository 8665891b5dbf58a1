"""Events of toolkits, and of the records, settings and secrets that they keep."""

from __future__ import annotations

from audit.catalogue.types import info, notice, warning

_VIA = "through which door: console, api, cli"
_DIGEST = "SHA-256 of the bundle"
_REASON = "why, in words"
_TOOLKIT = "slug of the toolkit"
_PLAN = "digest of the plan that was confirmed"

EVENTS = [
    notice(
        "toolkit.installed",
        "A toolkit version was installed and activated.",
        via=_VIA,
        digest=_DIGEST,
        plan=_PLAN,
        signer="key that signed the bundle",
    ),
    warning(
        "toolkit.install_refused",
        "A bundle was refused.",
        via=_VIA,
        reason=_REASON,
        digest=_DIGEST,
    ),
    notice(
        "toolkit.rolled_back",
        "An earlier version of a toolkit was activated again.",
        via=_VIA,
        digest=_DIGEST,
    ),
    notice("toolkit.enabled", "A toolkit was enabled."),
    notice("toolkit.disabled", "A toolkit was disabled."),
    notice(
        "toolkit.uninstalled",
        "A toolkit was removed.",
        via=_VIA,
        digest=_DIGEST,
        purged="which of its data was deleted too",
    ),
    notice("toolkit.version_removed", "A kept version of a toolkit was deleted.", digest=_DIGEST),
    notice("toolkit.pinned", "Updates of a toolkit were switched off.", version="the version"),
    notice("toolkit.unpinned", "Updates of a toolkit were switched on again."),
    notice("toolkit.consented", "A toolkit was allowed what it asks for.", permissions="what"),
    notice("toolkit.settings_changed", "Settings of a toolkit were changed."),
    notice("trusted_key.added", "A key was trusted to sign toolkits."),
    notice("trusted_key.removed", "A key is no longer trusted to sign toolkits."),
    notice("catalog.created", "A catalog of toolkits was added."),
    notice("catalog.changed", "A catalog of toolkits was changed."),
    notice("catalog.removed", "A catalog of toolkits was removed."),
    info("catalog.fetch_asked", "Somebody asked for a catalog of toolkits to be fetched now."),
    info(
        "catalog.fetched",
        "A catalog of toolkits was fetched from its address.",
        digest="SHA-256 of the document",
        entries="how many toolkits it offers",
    ),
    warning(
        "catalog.fetch_failed",
        "A catalog could not be fetched, or was none. Told again when the reason changes.",
        reason=_REASON,
    ),
]

DATA = [
    info("record.created", "A record of a collection was created.", toolkit=_TOOLKIT),
    info("record.updated", "A record of a collection was changed.", toolkit=_TOOLKIT),
    info("record.deleted", "A record of a collection was deleted.", toolkit=_TOOLKIT),
    notice(
        "record.imported",
        "Records were imported into a collection.",
        toolkit=_TOOLKIT,
        collection="name of the collection",
        created="how many",
        changed="how many",
    ),
    notice(
        "record.exported",
        "Records of a collection were exported.",
        toolkit=_TOOLKIT,
        collection="name of the collection",
        format="csv, json or jsonl",
        rows="how many",
    ),
    info(
        "secret.read",
        "A secret was read for a toolkit.",
        path="its path, never its value",
        version="its version in Vault",
        toolkit=_TOOLKIT,
    ),
    notice(
        "secret.written",
        "A secret was written.",
        path="its path, never its value",
        version="its version in Vault",
        toolkit=_TOOLKIT,
    ),
    notice("secret.deleted", "A secret was deleted.", path="its path", toolkit=_TOOLKIT),
    warning(
        "secret.refused",
        "A toolkit asked for a secret that it may not have.",
        path="the path that it asked for",
        toolkit=_TOOLKIT,
        reason=_REASON,
    ),
]
