"""Wheels that a bundle brings: zips in a zip, held to the limits of the bundle that they are in."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from django.conf import settings

from toolkits.errors import BundleError

_CHUNK = 1 << 16
_MOST_ENTRIES = 50_000


def check(folder: Path) -> None:
    """Refuse wheels that are no zips, whose sizes lie, or that unpack to more than a bundle may.

    The installer would write whatever comes out of them. Raises ``BundleError``.
    """
    left = settings.TOOLKIT_BUNDLE_MAX_BYTES
    for path in sorted(folder.glob("*.whl")):
        left -= _unpacked(path, left)


def _unpacked(path: Path, most: int) -> int:
    where = f"wheels/{path.name}"
    too_much = BundleError(
        f"unpacked, the wheels have more than {settings.TOOLKIT_BUNDLE_MAX_BYTES:,} bytes",
        where=where,
    )
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            total = sum(entry.file_size for entry in entries)
            if len(entries) > _MOST_ENTRIES or total > most:
                raise too_much
            for entry in entries:
                _check_entry(path, archive, entry, where)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise BundleError(f"is no wheel that can be read: {error}", where=where) from None
    return total


def _check_entry(
    path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str
) -> None:
    """Unpack an entry to nowhere: the library stops at the size that the directory tells, and
    so does not notice that more would come out."""
    if entry.compress_type == zipfile.ZIP_DEFLATED and _deflated(path, archive, entry):
        raise BundleError(f"{entry.filename[:200]!r} is larger than it says", where=where)
    with archive.open(entry) as stream:
        while stream.read(_CHUNK):
            pass


def _deflated(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether more comes out of an entry than its directory tells."""
    with archive.open(entry):
        pass  # Finds a header that does not fit.
    count = 0
    with path.open("rb") as stream:
        stream.seek(entry.header_offset + 26)
        name, extra = (int.from_bytes(stream.read(2), "little") for _ in range(2))
        stream.seek(name + extra, 1)
        unpack, left = zlib.decompressobj(-15), entry.compress_size
        while left and not unpack.eof:
            data = stream.read(min(left, _CHUNK))
            if not data:
                return True
            left -= len(data)
            while data and not unpack.eof:
                count += len(unpack.decompress(data, _CHUNK))
                if count > entry.file_size:
                    return True
                data = unpack.unconsumed_tail
    return False
