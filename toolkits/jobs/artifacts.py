"""Files that jobs keep, in Django's storage named ``artifacts``: a folder, or S3 by settings."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import mimetypes
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO, Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import Sum

from toolkits.jobs import lease
from toolkits.models import Job, JobArtifact

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,199}")
_UNSAFE_TYPE = re.compile(r"[^\x20-\x7e]")


def storage() -> Storage:
    """Where the files are."""
    return storages["artifacts"]


def keep(
    job: Job, name: str, path: str, content_type: str | None, workdir: Path
) -> JobArtifact:
    """Store a file of the runner's working folder with the job; one of that name is replaced.

    Raises ``ValueError`` for a bad name, a file outside the folder, or one that is too large,
    ``OSError`` when it cannot be stored, ``Fenced`` when the attempt does not own its job.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain file name")
    left = settings.TOOLKIT_ARTIFACT_TOTAL_MAX_BYTES - _kept_bytes(job, besides=name)
    with _opened(_inside(workdir, path)) as stream:
        source = _Metered(stream, min(settings.TOOLKIT_ARTIFACT_MAX_BYTES, left))
        stored_as = _store(f"{job.pk}/{token_hex(4)}-{name}", source)
    kind = _UNSAFE_TYPE.sub("", content_type or "")[:100] or _kind_of(name)
    before = job.artifacts.filter(name=name).values_list("stored_as", flat=True).first()
    try:
        with lease.fenced(job):
            artifact, _ = JobArtifact.objects.update_or_create(
                job=job,
                name=name,
                defaults={
                    "attempt": job.attempt,
                    "content_type": kind,
                    "size_bytes": source.size,
                    "digest": source.digest.hexdigest(),
                    "stored_as": stored_as,
                },
            )
    except BaseException:
        discard(stored_as)
        raise
    if before:
        discard(before)
    return artifact


def _kind_of(name: str) -> str:
    """The type that a file's name stands for. It is only ever downloaded, never shown."""
    return mimetypes.guess_type(name, strict=True)[0] or "application/octet-stream"


def _kept_bytes(job: Job, besides: str) -> int:
    others = job.artifacts.exclude(name=besides)
    return int(others.aggregate(total=Sum("size_bytes"))["total"] or 0)


def _inside(workdir: Path, path: str) -> Path:
    found = Path(workdir, path).resolve()
    if not found.is_relative_to(workdir.resolve()):
        raise ValueError("it is not in the working folder of the job")
    return found


@contextmanager
def _opened(source: Path) -> Iterator[IO[bytes]]:
    # The toolkit owns the folder and could swap the file for a link after the check above.
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise ValueError("it is not a plain file")
        yield stream


class _Metered:
    """Reads a file once, counting and digesting what really comes out of it."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._most = stream, most
        self.name = ""
        self.size = 0
        self.digest = hashlib.sha256()
        self.closed = False

    def seekable(self) -> bool:
        """Never: what was read is counted."""
        return False

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes. Raises ``ValueError`` when they are too many."""
        data = self._stream.read(size)
        self.size += len(data)
        if self.size > self._most:
            raise ValueError(f"it is larger than the {max(0, self._most):,} bytes that are left")
        self.digest.update(data)
        return data


def _store(name: str, source: _Metered) -> str:
    try:
        with _storage_errors():
            return storage().save(name, File(source))  # type: ignore[arg-type]
    except BaseException:
        # What was written of it until then.
        discard(name)
        raise


def open_file(artifact: JobArtifact) -> File[Any]:
    """Open the file for reading. Raises ``OSError`` when it cannot be had (any more)."""
    with _storage_errors():
        return storage().open(artifact.stored_as)


def discard(stored_as: str) -> None:
    """Delete a stored file; one that is not there is no error, one that stays is logged."""
    try:
        with _storage_errors():
            storage().delete(stored_as)
            _remove_empty_folder(stored_as)
    except OSError as error:
        log.warning("the file %s may remain in the storage: %s", stored_as, error)


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Raise whatever a storage raises as ``OSError``: each kind has errors of its own."""
    try:
        yield
    except (OSError, ValueError):
        raise
    except Exception as error:
        raise OSError(f"the storage failed: {error}") from error


def _remove_empty_folder(stored_as: str) -> None:
    # Not every storage has folders, and not every folder is empty.
    with contextlib.suppress(NotImplementedError, OSError):
        Path(storage().path(stored_as)).parent.rmdir()
