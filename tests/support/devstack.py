"""A running devstack, as a newcomer starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.support.processes import BASE, free_port
from tests.support.waiting import until

_READY = re.compile(r"ready at (http://\S+)")
_PASSWORD = re.compile(r"Sign in as admin with the password (\S+)")


class Stack:
    """A devstack process and what it printed."""

    def __init__(self, base: Path, var: Path | None, *options: str) -> None:
        kept = {"PATH", "HOME", "LANG"}
        env = {name: value for name, value in os.environ.items() if name in kept}
        if var is not None:
            env["TOOLBOX_VAR_DIR"] = str(var)
        self.output = base / f"devstack-{free_port()}.out"
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "devstack", *options],
                cwd=base, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def said(self) -> str:
        return self.output.read_text()

    @property
    def password(self) -> str:
        """The administrator's password, or nothing where it was not printed."""
        found = _PASSWORD.search(self.said())
        return found.group(1) if found else ""

    def until_ready(self) -> str:
        """Wait until it says so; returns its address."""

        def ready() -> str:
            assert self.process.poll() is None, self.said()
            found = _READY.search(self.said())
            return found.group(1) if found else ""

        return until(ready, 180, "devstack is ready")

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=40)

    def refusal(self) -> str:
        """Wait for it to end by itself, and return what it said."""
        assert self.process.wait(timeout=60) == 1, self.said()
        assert "Traceback" not in self.said()
        return self.said()


def linked_project(tmp_path: Path) -> Path:
    """The project itself, with a folder of the test for what is printed."""
    target = tmp_path / "run"
    target.mkdir()
    for name in (
        "manage.py",
        "toolbox",
        "toolkits",
        "accounts",
        "audit",
        "templates",
        "static",
        "deploy",
        "docs",
    ):
        (target / name).symlink_to(BASE / name)
    return target
