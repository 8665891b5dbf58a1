"""Installed versions on this host: what is not here is fetched by its digest, once."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from toolkits.bundles import environment, store
from toolkits.errors import BundleError
from toolkits.models import ToolkitVersion

log = logging.getLogger(__name__)

# Environments that this process found or made for versions, by the digest of the bundle.
_environments: dict[str, Path] = {}


# When a version that could not be had is asked for again: pages do not wait for it each time.
_missing: dict[str, float] = {}
_PATIENCE_SECONDS = 30.0


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process of a host fetches, the others wait for it."""
    folder: Path = settings.TOOLKIT_STORAGE_DIR / ".locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def bundle_of(version: ToolkitVersion) -> Path:
    """Return the folder of a version on this host, fetching it when it is not there.

    Raises ``BundleError``.
    """
    path = version.path
    if not path.is_dir():
        slug = str(version.manifest["slug"])
        with _alone(version.digest):
            if not path.is_dir():
                log.info("fetching %s %s", slug, version.version)
                return store.take(slug, version.version, version.digest)
    return path


def folder_of(version: ToolkitVersion | None) -> Path | None:
    """As ``bundle_of``, for what can do without: None while the version cannot be had."""
    if version is None or time.monotonic() < _missing.get(version.digest, 0.0):
        return None
    try:
        return bundle_of(version)
    except BundleError as error:
        log.warning("the files of version %s are not to be had: %s", version, error)
        _missing[version.digest] = time.monotonic() + _PATIENCE_SECONDS
        return None


def is_here(version: ToolkitVersion) -> bool:
    """Whether a version could be run at once, as far as this process knows."""
    if not version.path.is_dir():
        return False
    if not version.environment:
        return True
    own = _environments.get(version.digest)
    return own is not None and own.is_dir()


def environment_of(version: ToolkitVersion) -> Path | None:
    """Return the environment of a version on this host, building it when it is not there.

    Its name holds the Python that it is for, so that hosts may differ. Raises ``BundleError``.
    """
    if not version.environment:
        return None
    own = _environments.get(version.digest)
    if own is None or not own.is_dir():
        own = environment.toolkit_environment(bundle_of(version))
        assert own is not None
        _environments[version.digest] = own
    return own


def ensure(version: ToolkitVersion) -> None:
    """Have everything on this host that running a version takes. Raises ``BundleError``."""
    bundle_of(version)
    environment_of(version)


def forget() -> None:
    """Forget what this process found out about its host."""
    _environments.clear()
    _missing.clear()
