"""The files' part of a backup: what the database names, out of and into Django's storages."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from django.core.files import File
from django.core.files.storage import storages

from toolkits.bundles import store
from toolkits.models import JobArtifact, ToolkitVersion

_MEMORY = 1 << 20
_CHUNK = 1 << 20


def _bundles() -> Iterator[str]:
    for digest in ToolkitVersion.objects.values_list("digest", flat=True).distinct().iterator():
        yield store.key(digest)


def _artifacts() -> Iterator[str]:
    yield from JobArtifact.objects.values_list("stored_as", flat=True).iterator()


#: The storages, by their names in ``STORAGES``, and what the database names of each.
KINDS: dict[str, Callable[[], Iterator[str]]] = {"bundles": _bundles, "artifacts": _artifacts}


def pack(kind: str, target: Path) -> tuple[int, list[str]]:
    """Write the files of a storage into a tar; returns how many, and which were not there."""
    storage, count, missing = storages[kind], 0, []
    with tarfile.open(target, "w") as tar:
        for name in KINDS[kind]():
            try:
                stream = storage.open(name, "rb")
            except FileNotFoundError:
                missing.append(name)
                continue
            with stream:
                _add(tar, name, stream)
            count += 1
    return count, missing


def _add(tar: tarfile.TarFile, name: str, stream: File[bytes]) -> None:
    info = tarfile.TarInfo(name)
    info.mode = 0o600
    with tempfile.SpooledTemporaryFile(_MEMORY) as whole:
        # A storage need not know a file's size before it was read.
        while chunk := stream.read(_CHUNK):
            whole.write(chunk)
        info.size = whole.tell()
        whole.seek(0)
        tar.addfile(info, whole)


def unpack(kind: str, source: Path) -> int:
    """Put the files of a tar into a storage; one that is there is left. Returns how many."""
    storage, count = storages[kind], 0
    with tarfile.open(source, "r") as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.isreg() else None
            if stream is None or not _is_inside(member.name):
                continue
            if not storage.exists(member.name):
                storage.save(member.name, File(stream, member.name))
            count += 1
    return count


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts
