"""Wheels made for a test, with no index to get them from."""

from __future__ import annotations

import zipfile
from pathlib import Path


def write_wheel(
    folder: Path, word: str = "from the wheel", version: str = "1.0.0", name: str = "small_package"
) -> Path:
    """Write a wheel of one module that holds ``WORD``; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(target, "w") as wheel:
        about = f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n"
        files = {
            f"{name}.py": f"WORD = {word!r}\n",
            f"{info}/METADATA": about,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": "",
        }
        for path, text in files.items():
            # The same bytes each time.
            wheel.writestr(zipfile.ZipInfo(path), text)
    return target
