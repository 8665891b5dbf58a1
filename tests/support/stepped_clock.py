"""Runs a management command in a process whose wall clock can be set from outside.

``python -m tests.support.stepped_clock FILE COMMAND …``: the number in ``FILE`` is by how many
seconds the clock is wrong, looked at whenever the time is asked for. The monotonic clock stays as
it is, as it does when an administrator or NTP sets a real one.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.core.management import execute_from_command_line
from django.utils import timezone


def offset(path: Path) -> float:
    """How wrong the clock is just now."""
    try:
        return float(path.read_text())
    except (FileNotFoundError, ValueError):
        return 0.0


def set_by(path: Path, seconds: float) -> None:
    """Set the clock of processes that look at ``path``."""
    fresh = path.with_suffix(".new")
    fresh.write_text(str(seconds))
    fresh.replace(path)


def main(arguments: list[str]) -> None:
    path = Path(arguments[0])
    real_now, real_time = timezone.now, time.time
    timezone.now = lambda: real_now() + timedelta(seconds=offset(path))
    time.time = lambda: real_time() + offset(path)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "toolbox.settings")
    execute_from_command_line(["manage.py", *arguments[1:]])


if __name__ == "__main__":
    main(sys.argv[1:])
