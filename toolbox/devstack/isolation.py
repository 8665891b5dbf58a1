"""Which other user toolkits can run as, when the stack is started by root."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_NOBODY = 65534


def _reachable(path: Path) -> bool:
    """Whether any user can get to ``path`` and read it."""
    path = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in path.parents) and bool(
        path.stat().st_mode & 0o001
    )


def _python() -> str:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [sys.executable, f"/usr/bin/{name}", f"/usr/local/bin/{name}", shutil.which(name)]
    for candidate in filter(None, candidates):
        if Path(candidate).exists() and _reachable(Path(candidate)):
            return candidate
    return ""


def choose(storage: Path) -> tuple[dict[str, str], str]:
    """Return settings for runners, and what to tell about how they are kept apart."""
    if os.geteuid() != 0:
        return {}, "toolkits run as your own user (start as root to run them as another)"
    python = _python()
    if not python or not _reachable(storage):
        what = str(storage) if python else "a Python of this version"
        return {}, f"toolkits run as root without its privileges: no other user can reach {what}"
    values = {"TOOLKIT_RUNNER_UID": str(_NOBODY), "TOOLKIT_RUNNER_PYTHON": python}
    return values, f"toolkits run as user {_NOBODY}"
