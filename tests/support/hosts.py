"""Hosts that share nothing but servers: each with a checkout, folders and settings of its own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import requests

from tests.support import environment
from tests.support.processes import BASE, Process, database_url, free_port
from tests.support.waiting import until

_SHARED = ("APP_ENV", "AUTH_JWT_SECRET", "REDIS_URL", "VAULT_ADDR", "PATH", "LANG", "LOG_LEVEL")
_PARTS = ("accounts", "audit", "deploy", "docs", "static", "templates", "toolbox", "toolkits")
_SECONDS = 90


class Host:
    """One host. What it does not share with the others is below ``folder``."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder, self.checkout = folder, folder / "checkout"
        self.checkout.mkdir(parents=True)
        for part in _PARTS:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(BASE / part, self.checkout / part, ignore=ignored)
        shutil.copy(BASE / "manage.py", self.checkout)
        token = folder / "vault-token"
        token.write_text(environment.VAULT_TOKEN_FILE.read_text())
        token.chmod(0o600)
        self.env = {
            **{name: os.environ[name] for name in _SHARED if name in os.environ},
            "DATABASE_URL": database_url(),
            "VAULT_TOKEN_FILE": str(token),
            "TOOLBOX_VAR_DIR": str(folder / "var"),
            "HOME": str(folder),
            "PYTHONUNBUFFERED": "1",
            **env,
        }
        self.processes: list[Process] = []

    @property
    def bundles(self) -> set[str]:
        """The installed versions whose files this host has."""
        root = self.folder / "var" / "toolkits"
        return {path.name.partition("-")[0] for path in root.glob("[a-z0-9]*/*")}

    def start(self, name: str, *command: str, **env: str) -> Process:
        """Start a process of the platform on this host."""
        label = f"{name}-{len(self.processes)}"
        process = Process(
            label, [sys.executable, *command], self.env | env, self.folder, self.checkout
        )
        self.processes.append(process)
        return process

    def worker(self, *queues: str) -> Process:
        """Start a worker that is named for the host, and wait until it listens."""
        named = ("--name", self.folder.name)
        listens = queues or ("high", "default")
        process = self.start("worker", "manage.py", "rqworker", *listens, *named)
        process.until_says("istening on", _SECONDS)
        return process

    def web(self, origin: str = "") -> str:
        """Start gunicorn and wait until it answers; returns its address."""
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        process = self.start(
            "web", "-m", "gunicorn", "toolbox.wsgi", "--config", "deploy/gunicorn.conf.py",
            "--bind", f"127.0.0.1:{port}", FRONTEND_BASE_URL=origin or url,
        )  # fmt: skip

        def answers() -> bool:
            assert process.status is None, process.log()
            try:
                return requests.get(f"{url}/livez", timeout=2).ok
            except requests.RequestException:
                return False

        until(answers, _SECONDS, f"{url} answers: {process.log()}")
        return url

    def stop(self) -> None:
        """End everything that runs on it."""
        for process in reversed(self.processes):
            process.stop()
