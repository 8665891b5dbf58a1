"""The client as a shell starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import BASE


@dataclass
class Shell:
    """Runs ``toolbox`` with a configuration of its own."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.json"

    @property
    def environ(self) -> dict[str, str]:
        ours = {name: text for name, text in os.environ.items() if not name.startswith("TOOLBOX_")}
        own = {"TOOLBOX_CONFIG": str(self.config), "PYTHONPATH": str(BASE / "client")}
        return {**ours, **own}

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "toolbox_cli", *arguments],
            cwd=self.folder, env={**self.environ, **env}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def __call__(self, *arguments: str, code: int = 0, given: str = "", **env: str) -> Any:
        """Run to the end and check the exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "toolbox_cli", *arguments],
            cwd=self.folder, env={**self.environ, **env}, text=True, input=given,
            capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stderr}"
        return done


@pytest.fixture
def toolbox(tmp_path: Path) -> Shell:
    folder = tmp_path / "shell"
    folder.mkdir()
    return Shell(folder)
