"""Limits that the runner takes on before any toolkit code is loaded."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63

_RESOURCES = {
    "memory_bytes": resource.RLIMIT_AS,
    "cpu_seconds": resource.RLIMIT_CPU,
    "open_files": resource.RLIMIT_NOFILE,
    "processes": getattr(resource, "RLIMIT_NPROC", None),
    "file_bytes": resource.RLIMIT_FSIZE,
}


def _prctl(*arguments: int) -> bool:
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.prctl(*arguments, *([0] * (5 - len(arguments)))) == 0)
    except (OSError, AttributeError):
        return False


def become_subreaper() -> bool:
    """Adopt what toolkit code leaves behind, so that the worker finds it below this process."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def limit_resources(limits: dict[str, Any]) -> bool:
    """Set rlimits; returns whether every one that was asked for holds."""
    held = True
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, kind in _RESOURCES.items():
        value = limits.get(name)
        if value is None or kind is None:
            continue
        try:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError):
            held = False
    return held


def change_user(uid: int | None, gid: int | None) -> bool:
    """Become another user for good. Raises ``OSError`` where that is asked but not possible."""
    if uid is None or uid == os.getuid():
        return False
    os.setgroups([])
    os.setresgid(gid or uid, gid or uid, gid or uid)
    os.setresuid(uid, uid, uid)
    return True


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


def drop_capabilities() -> bool:
    """Give up every capability; without them even root cannot trace or read past modes."""
    for capability in range(_LAST_CAPABILITY + 1):
        _prctl(_PR_CAPBSET_DROP, capability)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        header, data = _Header(_CAPABILITY_VERSION_3, 0), (_Data * 2)()
        return bool(libc.capset(ctypes.byref(header), ctypes.byref(data)) == 0)
    except (OSError, AttributeError):
        return False


def forbid_new_privileges() -> bool:
    """Make set-uid programs run without their privilege."""
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with(parent: int) -> bool:
    """Be killed when the worker dies. Set after a change of user, which clears it."""
    held = _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if held and os.getppid() != parent:
        os._exit(1)
    return held
