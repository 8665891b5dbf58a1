"""Private working folders of runners, and the clearing away of what a killed worker left."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from django.conf import settings


def _root() -> Path:
    root: Path = settings.TOOLKIT_STORAGE_DIR / ".work"
    # Others may pass through to the folder that they own, but see no names.
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    return root


def create(uid: int | None) -> Path:
    """Make a folder that only the runner's user can enter."""
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=_root()))
    if uid is not None:
        os.chown(folder, uid, uid)
    return folder


def remove(folder: Path) -> None:
    """Remove a working folder with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)


def sweep() -> int:
    """Remove the folders of workers that are gone; returns how many."""
    gone = [
        folder
        for folder in _root().iterdir()
        if not Path(f"/proc/{folder.name.partition('-')[0]}").exists()
    ]
    for folder in gone:
        remove(folder)
    return len(gone)
