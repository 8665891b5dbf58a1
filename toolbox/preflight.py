"""The checks before anything serves. Nothing starts on partial configuration."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from django.conf import settings
from django.db import connections

from toolbox.health.checks import CheckResult, run_checks

WAIT_HELP = "how long a dependency that is just starting is waited for"
_PAUSE = 0.5
# Waiting cannot mend these.
_FIXED = frozenset({"configuration"})


def run(wait: float = 0.0) -> list[CheckResult]:
    """Run every check; while one fails that time may mend, again for up to ``wait`` seconds."""
    deadline = time.monotonic() + wait
    while True:
        results = run_checks()
        failed = {result.name for result in results if not result.ok}
        if not failed or failed & _FIXED or time.monotonic() >= deadline:
            return results
        time.sleep(_PAUSE)


def report(results: list[CheckResult], out: TextIO) -> None:
    """Write one line for each check, and what to do about those that failed."""
    for result in results:
        mark = "ok    " if result.ok else "FAILED"
        out.write(f"{mark} {result.name:<14} {result.detail}\n")
        if result.hint:
            out.write(f"       {'':<14} {result.hint}\n")


def require(wait: float | None = None, status: int = 1) -> None:
    """Exit with ``status`` and a report when a check fails, after ``wait`` seconds of trying.

    Without ``wait``, ``TOOLBOX_WAIT_SECONDS`` says how long a dependency may take to start.
    """
    results = run(settings.TOOLBOX_WAIT_SECONDS if wait is None else wait)
    connections.close_all()
    if not all(result.ok for result in results):
        sys.stderr.write("The platform does not start on partial configuration:\n")
        report(results, sys.stderr)
        sys.stderr.flush()
        raise SystemExit(status)
