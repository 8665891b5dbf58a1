"""Facts of the operating system that the platform's own processes set for themselves."""

from __future__ import annotations

import ctypes
import sys

_PR_SET_DUMPABLE = 4


def hide_from_proc() -> bool:
    """Make this process not dumpable, so that ``/proc`` shows its environment to root alone.

    Returns whether it took effect; only Linux has it.
    """
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
