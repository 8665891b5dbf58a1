"""Installed bundles: ``<slug>/<version>-<digest12>/`` under ``TOOLKIT_STORAGE_DIR``.

A digest is SHA-256 over one line for each file, sorted by path: its path, a tab, its
SHA-256 in hex, and a line end. A folder is written aside and moved into place whole, so a
crash leaves either all of it or none.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from django.conf import settings

from toolkits.bundles.source import Bundle
from toolkits.errors import BundleError


def _root() -> Path:
    root: Path = settings.TOOLKIT_STORAGE_DIR
    return root


def combine(digests: dict[str, str]) -> str:
    """Return the digest of a bundle from the digests of its files."""
    listing = "".join(f"{path}\t{digests[path]}\n" for path in sorted(digests))
    return hashlib.sha256(listing.encode()).hexdigest()


def place(bundle: Bundle, slug: str, version: str) -> tuple[Path, str]:
    """Write the bundle to its folder and return the folder and the digest.

    A folder that is there already and whole is left as it is. Raises ``BundleError`` when
    there is no room.
    """
    incoming = _root() / ".incoming"
    incoming.mkdir(mode=0o711, parents=True, exist_ok=True)
    needed = sum(bundle.sizes.values())
    if shutil.disk_usage(incoming).free < needed * 2 + (16 << 20):
        raise BundleError(
            f"there is no room for {needed:,} bytes in {_root()}",
            hint="Free some space, or remove versions that are not used.",
        )
    staged = Path(tempfile.mkdtemp(dir=incoming))
    try:
        digest = _write(bundle, staged)
        target = _root() / slug / f"{version}-{digest[:12]}"
        if target.is_dir() and not verify(target, digest):
            return target, digest
        remove(target)
        target.parent.mkdir(exist_ok=True)
        target.parent.chmod(0o755)
        _seal(staged)
        staged.rename(target)
        return target, digest
    except OSError as error:
        raise BundleError(f"it could not be stored: {error.strerror}") from error
    finally:
        remove(staged)


def _write(bundle: Bundle, folder: Path) -> str:
    digests = {}
    for path in bundle.sizes:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        sha = hashlib.sha256()
        with target.open("xb") as stream:
            for chunk in bundle.chunks(path):
                sha.update(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        digests[path] = sha.hexdigest()
    return combine(digests)


def _seal(folder: Path) -> None:
    for current, folders, files in os.walk(folder):
        for name in files:
            os.chmod(Path(current, name), 0o444)
        for name in folders:
            os.chmod(Path(current, name), 0o755)
    os.chmod(folder, 0o755)


def verify(folder: Path, digest: str) -> list[str]:
    """Return what is wrong with an installed folder; empty when it is as it was written."""
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            return [f"{path.relative_to(folder)} is not a plain file"]
        if path.is_file():
            digests[path.relative_to(folder).as_posix()] = hashlib.sha256(
                path.read_bytes()
            ).hexdigest()
    return [] if combine(digests) == digest else ["its files are not what was installed"]


def remove(folder: Path) -> None:
    """Remove an installed or half-written folder."""
    if folder.is_dir():
        shutil.rmtree(folder)


def relative(folder: Path) -> str:
    """Return a stored folder as it is kept in the database."""
    return folder.relative_to(_root()).as_posix()
