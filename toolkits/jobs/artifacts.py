"""Files that jobs keep."""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path

from django.conf import settings

from toolkits.models import Job, JobArtifact

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,199}")
_LARGEST = 256 << 20


def keep(
    job: Job, name: str, path: str, content_type: str | None, workdir: Path
) -> JobArtifact:
    """Copy a file of the runner's working folder to where the job's files are kept.

    Raises ``ValueError`` for a bad name, a file outside the folder, or one that is too large.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain file name")
    folder = settings.TOOLKIT_ARTIFACT_DIR / str(job.pk)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / name
    size = _copy(_inside(workdir, path), target)
    artifact, _ = JobArtifact.objects.update_or_create(
        job=job,
        name=name,
        defaults={
            "content_type": (content_type or "application/octet-stream")[:100],
            "size_bytes": size,
            "stored_as": f"{job.pk}/{name}",
        },
    )
    return artifact


def _inside(workdir: Path, path: str) -> Path:
    found = Path(workdir, path).resolve()
    if not found.is_relative_to(workdir.resolve()):
        raise ValueError("it is not in the working folder of the job")
    return found


def _copy(source: Path, target: Path) -> int:
    # The toolkit owns the folder and could swap the file for a link after the check above.
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            raise ValueError("it is not a plain file")
        if status.st_size > _LARGEST:
            raise ValueError(f"it is larger than {_LARGEST:,} bytes")
        with target.open("wb") as kept:
            shutil.copyfileobj(stream, kept)
            return kept.tell()


def path_of(artifact: JobArtifact) -> Path:
    """Where the file is."""
    root: Path = settings.TOOLKIT_ARTIFACT_DIR
    return root / artifact.stored_as
