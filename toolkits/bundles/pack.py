"""Makes a zip from a toolkit's folder, the same bytes each time."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO

from toolkits.bundles import manifest
from toolkits.bundles.source import Bundle

_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, target: Path) -> Path:
    """Check the folder as an installer would and write the zip. Raises ``BundleError``."""
    with Bundle(folder) as bundle:
        manifest.read(bundle)
        with target.open("wb") as stream:
            write_zip(bundle, stream)
    return target


def write_zip(bundle: Bundle, stream: IO[bytes]) -> None:
    """Write the files of a bundle as a zip, a piece at a time."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(bundle.sizes):
            info = zipfile.ZipInfo(path, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            info.file_size = bundle.sizes[path]
            with archive.open(info, "w") as entry:
                for chunk in bundle.chunks(path):
                    entry.write(chunk)
