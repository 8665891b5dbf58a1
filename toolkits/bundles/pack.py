"""Makes a zip from a toolkit's folder, the same bytes each time."""

from __future__ import annotations

import zipfile
from pathlib import Path

from toolkits.bundles import manifest
from toolkits.bundles.source import Bundle

_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(folder: Path, target: Path) -> Path:
    """Check the folder as an installer would and write the zip. Raises ``BundleError``."""
    with Bundle(folder) as bundle:
        manifest.read(bundle)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(bundle.sizes):
                info = zipfile.ZipInfo(path, _MOMENT)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o100644 << 16
                archive.writestr(info, b"".join(bundle.chunks(path)))
    return target
