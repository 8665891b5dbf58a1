"""Facts of the operating system that the platform's own processes set for themselves."""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)

_TOLD_EVERY_SECONDS = 5.0
_told_at = float("-inf")

_PR_SET_DUMPABLE = 4


def hide_from_proc() -> bool:
    """Make this process not dumpable, so that ``/proc`` shows its environment to root alone.

    Returns whether it took effect; only Linux has it.
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def tell_alive() -> None:
    """Touch the file by which a probe sees that this process's own loop still turns.

    A worker that waits for a job turns it about every seven minutes, when RQ stops waiting.
    """
    global _told_at
    if not settings.TOOLBOX_ALIVE_FILE or time.monotonic() - _told_at < _TOLD_EVERY_SECONDS:
        return
    _told_at = time.monotonic()
    try:
        Path(settings.TOOLBOX_ALIVE_FILE).touch()
    except OSError as error:
        log.warning("%s cannot be written: %s", settings.TOOLBOX_ALIVE_FILE, error.strerror)
