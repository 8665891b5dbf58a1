"""Runs uv, or pip where there is none, to fill the environment of a toolkit."""

from __future__ import annotations

import importlib.util
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from django.conf import settings

from toolkits.bundles import progress
from toolkits.errors import BundleError

_SECONDS = 600.0
_LOOK_SECONDS = 0.5
_KEPT_LINES = 12
_WHERE = "requirements.txt"
_READS = frozenset(
    {"PATH", "HOME", "LANG", "SSL_CERT_FILE", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"}
)


def install(requirements: Path, wheels: Path, target: Path) -> None:
    """Install pinned requirements into ``target``; hashes that are given are checked.

    Only wheels: no code of a package runs. Raises ``BundleError`` with the installer's words.
    """
    command = [*_command(target), "--requirement", str(requirements), "--only-binary", ":all:"]
    if wheels.is_dir():
        command += ["--no-index", "--find-links", str(wheels)]
    elif not settings.TOOLKIT_INDEX:
        raise BundleError("it needs an index, and TOOLKIT_INDEX is off", where=_WHERE)
    status, last = _run(command)
    if status:
        words = " ".join(" ".join(last).split())[-600:]
        raise BundleError(f"could not be installed: {words}", where=_WHERE)


def has_uv() -> bool:
    """Whether uv is installed beside the platform."""
    return importlib.util.find_spec("uv") is not None


def _command(target: Path) -> list[str]:
    if has_uv():
        return [
            *(sys.executable, "-m", "uv", "pip", "install", "--no-progress", "--no-config"),
            *("--python", sys.executable, "--target", str(target)),
        ]
    return [
        *(sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"),
        *("--progress-bar", "off", "--no-compile", "--target", str(target)),
    ]


def _run(command: list[str]) -> tuple[int, deque[str]]:
    kept = {k: v for k, v in os.environ.items() if k in _READS or "PROXY" in k.upper()}
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with subprocess.Popen(
        command,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            _follow(process, last)
            return process.wait(), last
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _follow(process: subprocess.Popen[bytes], last: deque[str]) -> None:
    """Pass the installer's lines on until it has ended."""
    assert process.stdout is not None
    deadline = time.monotonic() + _SECONDS
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            progress.heed()
            if time.monotonic() > deadline:
                raise BundleError("installing took too long", where=_WHERE)
            if not selector.select(_LOOK_SECONDS):
                continue
            data = os.read(process.stdout.fileno(), 1 << 16)
            *lines, rest = (rest + data).split(b"\n") if data else [rest, b""]
            for text in (raw.decode(errors="replace").rstrip() for raw in lines):
                if text:
                    last.append(text)
                    progress.line(text)
            if not data:
                return
