"""A bundle as it comes: a zip or a folder, with the same rules for both."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from django.conf import settings

from toolkits.bundles import names
from toolkits.bundles.zipreader import MOST_ENTRIES, ZipReader
from toolkits.errors import BundleError

MANIFEST = "toolkit.json"
_CHUNK = 1 << 16
_SKIPPED_FOLDERS = frozenset({"__pycache__", ".git", ".venv", ".mypy_cache", ".pytest_cache"})


class Bundle:
    """The files of a bundle by their paths, with the single top folder taken off."""

    def __init__(self, source: Path, most_bytes: int | None = None) -> None:
        """Open a zip, of at most ``most_bytes`` instead of the limit of an upload, or a folder."""
        self._source = source
        self._most_bytes = most_bytes or settings.TOOLKIT_UPLOAD_MAX_BYTES
        self._stream: BinaryIO | None = None
        self._zip: ZipReader | None = None
        if source.is_dir():
            self._sizes = dict(_walk(source))
        elif source.is_file():
            self._open_zip()
        else:
            raise BundleError("there is no such file or folder", where=str(source))
        self._prefix = self._top_folder()
        self.sizes = {path.removeprefix(self._prefix): n for path, n in self._sizes.items()}
        self._check_sizes()

    def _open_zip(self) -> None:
        length = self._source.stat().st_size
        if length > self._most_bytes:
            raise BundleError(
                f"the zip has {length:,} bytes; the limit is {self._most_bytes:,}",
                where=self._source.name,
                hint="Raise TOOLKIT_UPLOAD_MAX_BYTES if this is right.",
            )
        self._stream = self._source.open("rb")
        try:
            self._zip = ZipReader(self._stream, self._source.name)
        except BaseException:
            self._stream.close()
            raise
        self._sizes = {path: entry.size for path, entry in self._zip.entries.items()}

    def _top_folder(self) -> str:
        if MANIFEST in self._sizes:
            return ""
        tops = {path.partition("/")[0] for path in self._sizes}
        if len(tops) == 1 and (prefix := f"{tops.pop()}/") + MANIFEST in self._sizes:
            return prefix
        self.close()
        raise BundleError(
            f"there is no {MANIFEST} at the root or in the single top folder",
            where=self._source.name,
            hint="Pack the folder that holds toolkit.json.",
        )

    def _check_sizes(self) -> None:
        one, whole = settings.TOOLKIT_BUNDLE_MAX_FILE_BYTES, settings.TOOLKIT_BUNDLE_MAX_BYTES
        for path, size in self.sizes.items():
            if size > one:
                raise BundleError(f"{size:,} bytes; the limit of a file is {one:,}", where=path)
        if (total := sum(self.sizes.values())) > whole:
            raise BundleError(f"unpacked it has {total:,} bytes; the limit is {whole:,}")

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        if self._zip is not None:
            yield from self._zip.chunks(self._prefix + path)
            return
        descriptor = os.open(self._source / (self._prefix + path), os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    def read(self, path: str, limit: int = 1 << 20) -> bytes:
        """Return a whole file of at most ``limit`` bytes."""
        if self.sizes[path] > limit:
            raise BundleError(f"larger than {limit:,} bytes", where=path)
        return b"".join(self.chunks(path))

    def close(self) -> None:
        """Close the archive."""
        if self._stream is not None:
            self._stream.close()

    def __enter__(self) -> Bundle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _skipped(folder: str, name: str) -> bool:
    """Whether a folder is what tools leave behind: caches, and environments by any name."""
    return name in _SKIPPED_FOLDERS or Path(folder, name, "pyvenv.cfg").is_file()


def _walk(root: Path) -> Iterator[tuple[str, int]]:
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not _skipped(folder, name))
        for name in [*files, *(f for f in folders if Path(folder, f).is_symlink())]:
            if name.endswith(".pyc"):
                continue
            path = Path(folder, name)
            relative = names.check(path.relative_to(root).as_posix())
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise BundleError("links and special files are not accepted", where=relative)
            found.append((relative, status.st_size))
    if len(found) > MOST_ENTRIES:
        raise BundleError(f"more than {MOST_ENTRIES:,} files", where=root.name)
    names.check_distinct([path for path, _ in found])
    yield from found
