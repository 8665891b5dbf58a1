"""Runs a program of the platform that is killed, by SIGKILL, when an install reaches a step.

``python -m tests.support.killed STEP manage.py toolkit install …`` or ``STEP gunicorn …``.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys

from toolkits.bundles import progress


def main() -> None:
    """Run the program that the command line names."""
    wanted, program, *arguments = sys.argv[1:]
    tell = progress.step

    def step(name: str, detail: str = "") -> None:
        if name == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
        tell(name, detail)

    progress.step = step
    sys.argv = [program, *arguments]
    sys.path.insert(0, os.getcwd())
    if program.endswith(".py"):
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
