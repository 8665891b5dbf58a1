"""Making a catalog from toolkits' folders, for any static file server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from toolkits.bundles import manifest, semver, storage
from toolkits.bundles.pack import pack
from toolkits.bundles.source import MANIFEST, Bundle
from toolkits.errors import BundleError

_LONGEST_TEXT = 20_000


def make(sources: list[Path], target: Path, name: str) -> list[str]:
    """Pack each toolkit into ``target`` and write ``catalog.json`` beside the zips.

    A source is a toolkit's folder or zip, or a folder of such. Several versions of a toolkit make
    one entry. Returns what was packed, as ``slug version``. Raises ``BundleError``.
    """
    target.mkdir(parents=True, exist_ok=True)
    entries: dict[str, dict[str, Any]] = {}
    made: list[str] = []
    for source in _toolkits(sources, target):
        entry = _entry(source, target)
        packed = f"{entry['slug']} {entry['versions'][0]['version']}"
        if packed in made:
            raise BundleError(f"{packed} is there twice", where=str(source))
        made.append(packed)
        known = entries.get(entry["slug"])
        entries[entry["slug"]] = _together(known, entry) if known else entry
    body = {"catalog_version": 1, "name": name, "toolkits": list(entries.values())}
    (target / "catalog.json").write_text(json.dumps(body, indent=2) + "\n")
    return made


def _toolkits(sources: list[Path], target: Path) -> list[Path]:
    """Every toolkit among the sources; a folder that is none itself gives what lies in it."""
    found: list[Path] = []
    for source in sources:
        if not source.is_dir() or (source / MANIFEST).exists():
            found.append(source)
            continue
        inside = [path for path in sorted(source.iterdir()) if _is_toolkit(path, target)]
        if not inside:
            raise BundleError(
                f"there is neither {MANIFEST} nor a folder or zip of a toolkit in it",
                where=str(source),
            )
        found += inside
    return found


def _is_toolkit(path: Path, target: Path) -> bool:
    if path.resolve() == target.resolve():
        return False
    return (path / MANIFEST).is_file() or (path.is_file() and path.suffix == ".zip")


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """One entry with the versions of both; the newest speaks for the toolkit."""
    versions = sorted(
        [*one["versions"], *other["versions"]],
        key=lambda version: semver.key(version["version"]),
        reverse=True,
    )
    newest = one if one["versions"][0] is versions[0] else other
    return {**newest, "versions": versions}


def _entry(source: Path, target: Path) -> dict[str, Any]:
    with Bundle(source) as bundle:
        read = manifest.read(bundle)
        changelog, readme = _words(bundle, "CHANGELOG.md"), _words(bundle, "docs/README.md")
        digest = storage.combine(storage.digests_in(bundle))
    file = pack(source, target / f"{read.slug}-{read.version}.zip")
    return {
        "slug": read.slug,
        "name": read.name,
        "description": read.description,
        "categories": read.categories,
        "tags": read.tags,
        "icon": read.icon,
        "docs": read.data.get("homepage", ""),
        "readme": readme,
        "versions": [
            {
                "version": read.version,
                "url": file.name,
                "digest": digest,
                "size": file.stat().st_size,
                "requires": read.data["requires"],
                "changelog": _section(changelog, read.version),
            }
        ],
    }


def _section(changelog: str, version: str) -> str:
    """What a changelog says of one version: below the heading that names it. All of it where no
    heading does."""
    parts = re.split(r"^(#{1,6} .*)$", changelog, flags=re.MULTILINE)
    named = re.compile(rf"(?<![\w.+-]){re.escape(version)}(?![\w.+-])")
    for heading, at in ((parts[at], at) for at in range(1, len(parts), 2)):
        if not named.search(heading):
            continue
        level, text = heading.index(" "), parts[at + 1]
        for below in range(at + 2, len(parts), 2):
            if parts[below].index(" ") <= level:
                break
            text += parts[below] + parts[below + 1]
        return text.strip() + "\n"
    return changelog


def _words(bundle: Bundle, path: str) -> str:
    if path not in bundle.sizes:
        return ""
    return bundle.read(path).decode(errors="replace")[:_LONGEST_TEXT]
