"""Packages of npm that tests run: pinned with hashes, installed once into a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def installed(folder: Path) -> Path:
    """Return a folder in which what ``folder`` pins is installed; skips, loudly, where npm or
    its registry cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip(f"NOT TESTED: node and npm are not here, and {folder.name} needs them")
    files = [folder / "package.json", folder / "package-lock.json"]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sre-toolbox-tests"
    target = root / f"{folder.name}-{digest}"
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "done").exists():
            _install(files, target)
    return target


def _install(files: list[Path], target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for file in files:
        shutil.copy(file, target)
    done = subprocess.run(
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
        cwd=target, capture_output=True, text=True, timeout=170, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"NOT TESTED: npm could not install its packages: {done.stderr[-500:]}")
    (target / "done").touch()
