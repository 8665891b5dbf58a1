"""Taking an uploaded bundle in: into a private folder, counted while it comes.

A check and its use see the same bytes: nobody else may enter the folder, and the file is the
one that is then installed. Give ``StagedUploadHandler`` to a request as its only upload
handler before anything reads the request's body.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

if TYPE_CHECKING:
    _UploadedFile = UploadedFile[bytes]
else:
    _UploadedFile = UploadedFile

# Locked as long as its folder is in use.
_HELD = ".held"
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder of mode 0700 beside the toolkits, gone afterwards."""
    root: Path = settings.TOOLKIT_STORAGE_DIR / ".uploads"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        with (folder / _HELD).open("w") as held:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def drop_abandoned() -> None:
    """Remove the private folders of processes that were killed."""
    for folder in (settings.TOOLKIT_STORAGE_DIR / ".uploads").glob("*"):
        with suppress(OSError):
            descriptor = os.open(folder / _HELD, os.O_RDWR | os.O_NOFOLLOW)
            with open(descriptor, "w") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


class StagedBundle(_UploadedFile):
    """An uploaded file that lies at ``path``."""

    def __init__(self, path: Path, file: BinaryIO, name: str, size: int) -> None:
        super().__init__(file, name, "application/zip", size)
        self.path = path


class StagedUploadHandler(FileUploadHandler):
    """Writes the one file of ``field`` into ``folder``, and stops at ``limit`` bytes.

    ``exceeded`` says afterwards that it was larger; what came of it is gone then.
    """

    def __init__(self, folder: Path, limit: int, field: str = "bundle") -> None:
        super().__init__()
        self._folder, self._limit, self._field = folder, limit, field
        self._stream: BinaryIO | None = None
        self._path = folder
        self._count = 0
        self.exceeded = False

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Open a file for the wanted field; leave out every other."""
        super().new_file(field_name, file_name, *args, **kwargs)
        if field_name != self._field or self._stream is not None:
            raise SkipFile
        self._path = self._folder / (_UNSAFE.sub("_", file_name).lstrip(".")[-100:] or "bundle.zip")
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW
        self._stream = open(os.open(self._path, flags, 0o600), "w+b")  # noqa: SIM115

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, unless it is one too many."""
        assert self._stream is not None
        self._count += len(raw_data)
        if self._count > self._limit:
            self.exceeded = True
            self._drop()
            # The rest is read and thrown away, so that the browser gets to see the answer.
            raise StopUpload(connection_reset=False)
        self._stream.write(raw_data)

    def file_complete(self, file_size: int) -> StagedBundle:
        """Return what was staged."""
        assert self._stream is not None
        self._stream.flush()
        self._stream.seek(0)
        return StagedBundle(self._path, self._stream, self._path.name, file_size)

    def upload_interrupted(self) -> None:
        """Forget a file whose sender went away."""
        self._drop()

    def _drop(self) -> None:
        if self._stream is not None and not self._stream.closed:
            self._stream.close()
            self._path.unlink(missing_ok=True)
