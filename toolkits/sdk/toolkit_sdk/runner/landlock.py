"""Landlock: the runner sees its own files, the system's libraries, and nothing else.

Structures and numbers are those of ``linux/landlock.h``.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_FLAG = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_FILE_ONLY = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/opt")
_ETC = (
    "alternatives", "ca-certificates", "gai.conf", "group", "host.conf", "hosts", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "passwd", "pki",
    "protocols", "resolv.conf", "services", "ssl", "timezone",
)  # fmt: skip
_PROC = (
    "self", "cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems",
    "sys/kernel", "sys/net", "sys/vm/overcommit_memory", "sys/fs",
)  # fmt: skip
_DEVICES = ("null", "zero", "full", "random", "urandom")
_RESOLVER = ("/run/systemd/resolve", "/run/nscd", "/etc/resolv.conf")


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("fs", ctypes.c_uint64),
        ("net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("fd", ctypes.c_int32)]


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def restrict(workdir: Path, readable: Iterable[Path], *, network: bool) -> int:
    """Restrict this process and its children for good. Returns the version used, 0 if none."""
    version = abi()
    if version < 1:
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    handled = _ALL_BY_ABI[max(known for known in _ALL_BY_ABI if known <= version)]
    net = 0 if network or version < 4 else 0b11
    scoped = 0b11 if version >= 6 else 0
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    attributes = _Ruleset(handled, net, scoped)
    ruleset = libc.syscall(_CREATE, ctypes.byref(attributes), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return 0
    try:
        for path in _readable(readable):
            _allow(libc, ruleset, path, _READ & handled)
        for name in _DEVICES:
            _allow(libc, ruleset, Path("/dev", name), (_READ | _WRITE_FILE) & handled)
        _allow(libc, ruleset, workdir, handled & ~_IOCTL)
        return version if libc.syscall(_RESTRICT, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _readable(own: Iterable[Path]) -> Iterable[Path]:
    yield from own
    yield from map(Path, _SYSTEM)
    yield from (Path("/etc", name) for name in _ETC)
    yield from (Path("/proc", name) for name in _PROC)
    yield from map(Path, _RESOLVER)


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, access: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            access &= _FILE_ONLY
        rule = _PathBeneath(access, descriptor)
        libc.syscall(_ADD, ruleset, 1, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)
