"""Installed bundles: ``<slug>/<version>-<digest12>/`` under ``TOOLKIT_STORAGE_DIR``.

A digest is SHA-256 over one line for each file, sorted by path: its path, a tab, its
SHA-256 in hex, and a line end. A folder is written aside and moved into place whole, so a
crash leaves either all of it or none.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from django.conf import settings

from toolkits.bundles import progress
from toolkits.bundles.source import Bundle
from toolkits.errors import BundleError


def _root() -> Path:
    root: Path = settings.TOOLKIT_STORAGE_DIR
    return root


def combine(digests: dict[str, str]) -> str:
    """Return the digest of a bundle from the digests of its files."""
    listing = "".join(f"{path}\t{digests[path]}\n" for path in sorted(digests))
    return hashlib.sha256(listing.encode()).hexdigest()


def digest_of(bundle: Bundle) -> str:
    """Return the digest that a bundle would be stored under, without storing it."""
    digests = {}
    for path in bundle.sizes:
        sha = hashlib.sha256()
        for chunk in bundle.chunks(path):
            sha.update(chunk)
        digests[path] = sha.hexdigest()
    return combine(digests)


def write(bundle: Bundle, folder: Path) -> dict[str, str]:
    """Write the bundle's files into a new folder and return their digests by path.

    Raises ``BundleError`` when there is no room.
    """
    folder.mkdir(mode=0o711, parents=True)
    needed = sum(bundle.sizes.values())
    if shutil.disk_usage(folder).free < needed * 2 + (16 << 20):
        raise BundleError(
            f"there is no room for {needed:,} bytes in {_root()}",
            hint="Free some space, or remove versions that are not used.",
        )
    try:
        digests = {}
        for path in bundle.sizes:
            digests[path] = _write_file(bundle, path, folder / path)
            if len(digests) == 1:
                progress.step("writing", path)
            progress.heed()
        _seal(folder)
    except OSError as error:
        raise BundleError(f"it could not be stored: {error.strerror}") from error
    return digests


def digests_in(bundle: Bundle) -> dict[str, str]:
    """The digests of a bundle's files by path, without writing them anywhere."""
    digests = {}
    for path in bundle.sizes:
        sha = hashlib.sha256()
        for chunk in bundle.chunks(path):
            sha.update(chunk)
        digests[path] = sha.hexdigest()
    return digests


def _write_file(bundle: Bundle, path: str, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    sha = hashlib.sha256()
    with target.open("xb") as stream:
        for chunk in bundle.chunks(path):
            sha.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return sha.hexdigest()


def folder_for(slug: str, version: str, digest: str) -> Path:
    """Where an installed bundle is, on every host."""
    return _root() / slug / f"{version}-{digest[:12]}"


def adopt(folder: Path, slug: str, version: str, digest: str) -> Path:
    """Move a written folder to where installed bundles are; returns that place.

    One that is there already and whole is kept as it is.
    """
    target = folder_for(slug, version, digest)
    if target.is_dir() and not verify(target, digest):
        remove(folder)
        return target
    remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.parent.chmod(0o755)
    try:
        folder.rename(target)
    except OSError as error:
        if verify(target, digest):
            raise BundleError(f"it could not be stored: {error.strerror}") from error
        # Another process was faster with the same.
        remove(folder)
    return target


def _seal(folder: Path) -> None:
    for current, folders, files in os.walk(folder):
        for name in files:
            os.chmod(Path(current, name), 0o444)
        for name in folders:
            os.chmod(Path(current, name), 0o755)
    os.chmod(folder, 0o755)


def digests_of(folder: Path) -> dict[str, str]:
    """The digests of all files of a folder. ``ValueError`` for what is not a plain file."""
    digests = {}
    for path in sorted(folder.rglob("*")):
        relative_path = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ValueError(f"{relative_path} is not a plain file")
        if path.is_file():
            with path.open("rb") as stream:
                digests[relative_path] = hashlib.file_digest(stream, "sha256").hexdigest()
    return digests


def verify(folder: Path, digest: str) -> list[str]:
    """Return what is wrong with an installed folder; empty when it is as it was written."""
    try:
        same = combine(digests_of(folder)) == digest
    except (OSError, ValueError) as error:
        return [str(error)]
    return [] if same else ["its files are not what was installed"]


def remove(folder: Path) -> None:
    """Remove an installed or half-written folder."""
    if folder.is_dir():
        shutil.rmtree(folder)


def relative(folder: Path) -> str:
    """Return a stored folder as it is kept in the database."""
    return folder.relative_to(_root()).as_posix()
