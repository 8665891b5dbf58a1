"""What an install that was killed has left behind: found and removed when a process starts."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils import timezone

from toolkits.bundles import environment, staging, storage, store
from toolkits.errors import BundleError
from toolkits.models import InstallPlan, PlanState, ToolkitVersion

log = logging.getLogger(__name__)

# Another host may be between putting a bundle into a common store and writing its row.
_LEAST_AGE = timedelta(hours=1)


def _lock() -> IO[str]:
    folder: Path = settings.TOOLKIT_STORAGE_DIR / ".locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return (folder / "installing").open("w")


@contextmanager
def kept_out() -> Iterator[None]:
    """Let nobody clean up during the block, which has files in place before their row."""
    with _lock() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def sweep() -> int:
    """Remove what belongs to nothing that lives; returns how many things. While somebody on this
    host installs, nothing is touched: the next start looks again."""
    with _lock() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        staging.drop_abandoned()
        environment.drop_half_made()
        count = _drop_plans() + _drop_folders()
        try:
            count += _drop_stored()
        except BundleError as error:
            log.warning("%s", error)
    if count:
        log.info("%d leftovers of installs that did not end were removed", count)
    return count


def _drop_plans() -> int:
    folders = {folder.name: folder for folder in _children(".planned")}
    over = InstallPlan.objects.exclude(state=PlanState.READY).values_list("pk", flat=True)
    gone = set(folders) & {str(pk) for pk in over}
    gone |= {name for name in folders if name.startswith("check-")}
    for name in gone:
        shutil.rmtree(folders[name], ignore_errors=True)
    return len(gone)


def _without_version() -> set[str]:
    """Digests that this database has seen and that are installed nowhere. What it knows nothing
    of is left alone: it may be that of another installation, or of a database that is still to be
    restored."""
    plans = InstallPlan.objects.exclude(digest="")
    seen = set(plans.values_list("digest", flat=True))
    return seen - set(ToolkitVersion.objects.values_list("digest", flat=True))


def _drop_folders() -> int:
    known = set(ToolkitVersion.objects.values_list("storage_path", flat=True))
    # A plan that waits takes its bytes from the store when it is confirmed.
    unwanted = {digest[:12] for digest in _without_version()}
    gone = [
        folder
        for top in _children("")
        if not top.name.startswith(".") and os.access(top, os.R_OK)
        for folder in top.iterdir()
        if folder.name.rpartition("-")[2] in unwanted and storage.relative(folder) not in known
    ]
    for folder in gone:
        storage.remove(folder)
    return len(gone)


def _drop_stored() -> int:
    # Only this host has a part in a store of its own.
    shared = bool(settings.TOOLKIT_BUNDLE_STORAGE)
    ready = InstallPlan.objects.filter(state=PlanState.READY)
    unwanted = _without_version() - set(ready.values_list("digest", flat=True))
    gone = store.among(unwanted, timezone.now() - _LEAST_AGE if shared else None)
    for digest in gone:
        store.delete(digest)
    return len(gone)


def _children(name: str) -> list[Path]:
    folder: Path = settings.TOOLKIT_STORAGE_DIR / name
    return [child for child in folder.iterdir() if child.is_dir()] if folder.is_dir() else []
