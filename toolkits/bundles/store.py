"""Bundles by their digest in Django's storage named ``bundles``: a folder, or S3 by settings.

Every host keeps its own copy of what it runs, and takes from here what it lacks. What comes from
the store is believed by nothing but its digest.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages

from toolkits.bundles import pack, staging
from toolkits.bundles import storage as folders
from toolkits.bundles.source import Bundle
from toolkits.errors import BundleError

if TYPE_CHECKING:
    _File = File[bytes]
else:
    _File = File

log = logging.getLogger(__name__)

_CHUNK = 1 << 20
# Of the folders that hold bundles: the beginning of their digests.
_TOP_LENGTH = 2


class _Packed(_File):
    """A file that a storage on the same disk moves into place, whole or not at all."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def storage() -> Storage:
    """Where the zips are."""
    return storages["bundles"]


def key(digest: str) -> str:
    """The name of a bundle's zip in the store."""
    return f"{digest[:2]}/{digest}.zip"


def put(folder: Path, digest: str) -> None:
    """Keep a zip of a bundle's folder, unless the store has it. Raises ``BundleError``."""
    try:
        if storage().exists(key(digest)):
            return
        with staging.private_folder() as private, Bundle(folder) as bundle:
            packed = private / "bundle.zip"
            with packed.open("w+b") as stream:
                pack.write_zip(bundle, stream)
                stream.flush()
                stream.seek(0)
                storage().save(key(digest), _Packed(stream, str(packed)))
    except BundleError:
        raise
    except Exception as error:
        raise _away(error) from error


def holds(digest: str) -> bool:
    """Whether the store has a bundle. Raises ``BundleError`` when it does not answer."""
    try:
        return bool(storage().exists(key(digest)))
    except Exception as error:
        raise _away(error) from error


def take(slug: str, version: str, digest: str) -> Path:
    """Fetch a bundle to where this host keeps it; returns its folder. Raises ``BundleError``."""
    with staging.private_folder() as private:
        packed = private / "bundle.zip"
        _download(digest, packed)
        with Bundle(packed, most_bytes=settings.TOOLKIT_BUNDLE_MAX_BYTES) as bundle:
            found = folders.combine(folders.write(bundle, private / "bundle"))
        if found != digest:
            raise BundleError(
                f"what the bundle store has for {slug} {version} is not what was installed",
                hint="Somebody changed it there. Install this version again.",
            )
        return folders.adopt(private / "bundle", slug, version, digest)


def _download(digest: str, target: Path) -> None:
    try:
        with storage().open(key(digest), "rb") as source, target.open("xb") as stream:
            _copy(source, stream)
    except FileNotFoundError:
        raise BundleError(
            "it is not on this host, and the bundle store does not have it",
            hint="Install this version again.",
        ) from None
    except BundleError:
        raise
    except Exception as error:
        raise _away(error) from error


def _copy(source: IO[bytes], stream: IO[bytes]) -> None:
    left = settings.TOOLKIT_BUNDLE_MAX_BYTES
    while chunk := source.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise BundleError("what the bundle store has is larger than a bundle may be")
        stream.write(chunk)


def delete(digest: str) -> None:
    """Remove a bundle from the store. One that cannot be removed now stays: nothing names it."""
    try:
        storage().delete(key(digest))
    except FileNotFoundError:
        return
    except Exception as error:  # noqa: BLE001  (each storage fails in its own way)
        log.warning("a bundle that nobody needs stays in the store: %s", _away(error))


def among(digests: set[str], latest: datetime | None) -> list[str]:
    """Those of ``digests`` that the store has; with ``latest``, put there before it.

    Raises ``BundleError``.
    """
    kept, found = storage(), []
    try:
        for top in kept.listdir("")[0]:
            for name in kept.listdir(top)[1] if len(top) == _TOP_LENGTH else ():
                digest = name.removesuffix(".zip")
                if digest not in digests:
                    continue
                if latest is None or kept.get_modified_time(f"{top}/{name}") < latest:
                    found.append(digest)
    except FileNotFoundError:
        return []
    except Exception as error:
        raise _away(error) from error
    return found


def keep_upload(name: str, path: Path) -> None:
    """Keep an uploaded zip for the worker that will check it. Raises ``BundleError``."""
    try:
        with path.open("rb") as stream:
            storage().save(_upload(name), _Packed(stream, str(path)))
    except Exception as error:
        raise _away(error) from error


def take_upload(name: str, target: Path) -> None:
    """Fetch an uploaded zip, which stays until ``drop_upload``. Raises ``BundleError``."""
    try:
        with storage().open(_upload(name), "rb") as source, target.open("xb") as stream:
            _copy(source, stream)
    except FileNotFoundError:
        raise BundleError("the upload is not there any more", hint="Upload it again.") from None
    except BundleError:
        raise
    except Exception as error:
        raise _away(error) from error


def drop_upload(name: str) -> None:
    """Remove an uploaded zip."""
    try:
        storage().delete(_upload(name))
    except FileNotFoundError:
        return
    except Exception as error:  # noqa: BLE001  (each storage fails in its own way)
        log.warning("an upload stays in the store: %s", _away(error))


def _upload(name: str) -> str:
    return f"uploads/{name}.zip"


def _away(error: Exception) -> BundleError:
    words = " ".join(str(error).split())[:200]
    return BundleError(
        f"the bundle store does not answer as it should: {type(error).__name__}: {words}",
        hint="Check TOOLKIT_BUNDLE_STORAGE and its options.",
    )
