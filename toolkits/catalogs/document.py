"""The catalog's document: JSON with ``toolkits``, each with its versions.

``{"catalog_version": 1, "name": …, "toolkits": [{"slug", "name", "description", "categories",
"tags", "icon", "docs", "readme", "versions": [{"version", "url", "digest", "size",
"requires": {"toolbox"}, "changelog"}]}]}``. An entry may instead have ``version`` and
``bundle_url`` of its own. ``docs`` is an address to read on at, ``readme`` Markdown. A bundle's
URL and ``docs`` are absolute, or relative to the catalog's.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from toolbox import __version__, jsontext
from toolkits.bundles import semver

_MOST_ENTRIES = 2000
_MOST_VERSIONS = 100
_PICTURE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_FILE_LINK = re.compile(r"\[([^\]\n]+)\]\((?!https?:|mailto:)[^)\n]*\)")
_OTHER_RUNTIME = "It was built for another runtime (a backend router), not for this platform."


def read(data: bytes, url: str) -> list[dict[str, Any]]:
    """Return the entries in one form. Raises ``ValueError`` for what is no catalog.

    An entry that cannot be used stays, with the reason as its ``problem``.
    """
    document = jsontext.parse(data)
    listed = document.get("toolkits") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise ValueError("it has no list of toolkits")
    entries = [_entry(item, url) for item in listed[:_MOST_ENTRIES] if isinstance(item, dict)]
    return [entry for entry in entries if entry["slug"]]


def _text(item: dict[str, Any], name: str, most: int) -> str:
    value = item.get(name)
    return value[:most] if isinstance(value, str) else ""


def _texts(item: dict[str, Any], name: str) -> list[str]:
    value = item.get(name)
    listed = value[:30] if isinstance(value, list) else []
    return [text[:50] for text in listed if isinstance(text, str)]


def _prose(text: str) -> str:
    """Markdown without what only the bundle itself holds: pictures, and links to its files."""
    return _FILE_LINK.sub(r"\1", _PICTURE.sub("", text))


def _address(place: str, url: str) -> str:
    """Where a person can go on reading; empty for what no browser should be led to."""
    whole = urljoin(url, place) if place else ""
    return whole if urlsplit(whole).scheme in {"http", "https"} else ""


def _entry(item: dict[str, Any], url: str) -> dict[str, Any]:
    manifest = item["manifest"] if isinstance(item.get("manifest"), dict) else {}
    both = {**manifest, **item}
    given = item.get("versions")
    versions = [
        _version(version, url)
        for version in (given if isinstance(given, list) else [both])[:_MOST_VERSIONS]
        if isinstance(version, dict)
    ]
    usable = [version for version in versions if version["version"]]
    usable.sort(key=lambda version: semver.key(version["version"]), reverse=True)
    return {
        "slug": _text(both, "slug", 64),
        "name": _text(both, "name", 100) or _text(both, "slug", 64),
        "description": _text(both, "description", 300),
        "icon": _text(both, "icon", 50),
        "docs": _address(_text(both, "docs", 500), url),
        "readme": _prose(_text(both, "readme", 20_000)),
        "categories": _texts(both, "categories"),
        "tags": _texts(both, "tags"),
        "versions": usable,
        "problem": _problem(both, usable),
    }


def _problem(item: dict[str, Any], versions: list[dict[str, Any]]) -> str:
    backend = item.get("backend")
    if isinstance(backend, dict) and backend.get("router_attr") and not item.get("entry"):
        return _OTHER_RUNTIME
    if not versions:
        return "It names no version with a bundle."
    return ""


def _version(item: dict[str, Any], url: str) -> dict[str, Any]:
    version = _text(item, "version", 100)
    try:
        semver.key(version)
    except ValueError:
        version = ""
    place = _text(item, "url", 500) or _text(item, "bundle_url", 500) or _text(item, "bundle", 500)
    requires = item.get("requires")
    wanted = _text(requires, "toolbox", 100) if isinstance(requires, dict) else ""
    return {
        "version": version if place else "",
        "url": urljoin(url, place),
        "digest": _text(item, "digest", 64).lower(),
        "changelog": _prose(_text(item, "changelog", 20_000)),
        "requires": wanted,
        "fits": _fits(wanted),
    }


def _fits(wanted: str) -> bool:
    try:
        return not wanted or SpecifierSet(wanted).contains(__version__)
    except InvalidSpecifier:
        return False
