"""Static files of a bundle: what is in ``static/``, and the pictures in ``docs/``.

An address holds the digest of the version, so that what it shows never changes. Files are listed
first: no address ever makes a path.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from django.urls import reverse

from toolkits.bundles import presence
from toolkits.models import Toolkit, ToolkitVersion

#: So much of a digest stands in an address.
DIGEST_LENGTH = 16
PICTURES = {
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
}
#: What a browser may show. Nothing here is a script: those are sent as text, which no page runs.
TYPES = {
    **PICTURES,
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".csv": "text/plain; charset=utf-8",
    ".json": "text/plain; charset=utf-8",
    ".js": "text/plain; charset=utf-8",
    ".mjs": "text/plain; charset=utf-8",
}
#: For every file: opened as a page it is in a sandbox of its own, where no script runs.
POLICY = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
_MOST = 2000


def find(toolkit: Toolkit, digest: str, name: str) -> Path | None:
    """Return a file by its name in the bundle of the version with this digest."""
    if len(digest) != DIGEST_LENGTH:
        return None
    version = toolkit.versions.filter(digest__startswith=digest).first()
    return _files(version).get(name) if version else None


def address(version: ToolkitVersion | None, slug: str, page: str, target: str) -> str:
    """Return where a picture is that a document in ``docs/`` names; empty when it is not there."""
    if version is None:
        return ""
    parts = _resolved(PurePosixPath("docs", page or "README").parent / unquote(target))
    if parts not in _files(version):
        return ""
    return reverse("toolkit-file", args=[slug, version.digest[:DIGEST_LENGTH], parts])


def _resolved(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _files(version: ToolkitVersion) -> dict[str, Path]:
    folder = presence.folder_of(version)
    return _listed(version.digest, folder) if folder else {}


@lru_cache(maxsize=128)
def _listed(digest: str, folder: Path) -> dict[str, Path]:
    # An installed version never changes.
    found: dict[str, Path] = {}
    for top in ("docs", "static"):
        for path in sorted((folder / top).rglob("*")):
            wanted = top == "static" or path.suffix.lower() in PICTURES
            if wanted and path.is_file() and not path.is_symlink() and len(found) < _MOST:
                found[path.relative_to(folder).as_posix()] = path
    return found
