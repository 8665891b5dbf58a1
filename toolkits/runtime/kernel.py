"""What the kernel of this host can hold runners to."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_LANDLOCK_CREATE_RULESET = 444
_VERSION = 1


@cache
def landlock() -> int:
    """The version of Landlock; 0 for none. From 1 on it shuts files off, from 4 on TCP."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)))
