"""Making a catalog from toolkits' folders, for any static file server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkits.bundles import manifest, storage
from toolkits.bundles.pack import pack
from toolkits.bundles.source import Bundle


def make(folders: list[Path], target: Path, name: str) -> list[str]:
    """Pack each folder into ``target`` and write ``catalog.json`` beside the zips.

    Returns what was packed, as ``slug version``. Raises ``BundleError``.
    """
    target.mkdir(parents=True, exist_ok=True)
    entries = [_entry(folder, target) for folder in folders]
    body = {"catalog_version": 1, "name": name, "toolkits": entries}
    (target / "catalog.json").write_text(json.dumps(body, indent=2) + "\n")
    return [f"{entry['slug']} {entry['versions'][0]['version']}" for entry in entries]


def _entry(folder: Path, target: Path) -> dict[str, Any]:
    with Bundle(folder) as bundle:
        read = manifest.read(bundle)
        changelog = bundle.read("CHANGELOG.md").decode(errors="replace") if (
            "CHANGELOG.md" in bundle.sizes
        ) else ""  # fmt: skip
        digest = storage.combine(storage.digests_in(bundle))
    file = pack(folder, target / f"{read.slug}-{read.version}.zip")
    return {
        "slug": read.slug,
        "name": read.name,
        "description": read.description,
        "categories": read.categories,
        "tags": read.tags,
        "icon": read.icon,
        "versions": [
            {
                "version": read.version,
                "url": file.name,
                "digest": digest,
                "size": file.stat().st_size,
                "requires": read.data["requires"],
                "changelog": changelog[:20_000],
            }
        ],
    }
