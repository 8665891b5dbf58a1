"""Real processes of the platform, on the test's database and servers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.db import connection

from tests.support import environment
from tests.support.waiting import until

BASE = Path(__file__).resolve().parent.parent.parent


def database_url() -> str:
    """The URL of the database that the running test uses."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    base = os.environ["TEST_DATABASE_URL"].partition("?")[0]
    return f"{base.rpartition('/')[0]}/{name}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """One process of the platform, with its output in a file."""

    def __init__(
        self,
        name: str,
        command: list[str],
        env: dict[str, str],
        folder: Path,
        checkout: Path = BASE,
    ) -> None:
        self.name = name
        self.log_path = folder / f"{name}.log"
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=checkout,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll()

    def log(self) -> str:
        """What it wrote so far."""
        return self.log_path.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """Send a signal to the process itself."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = 20) -> int:
        """Wait for its end and return the exit status."""
        return self._process.wait(timeout=seconds)

    def until_says(self, text: str, seconds: float = 30) -> None:
        """Wait until its output holds ``text``; fail at once when it has ended."""

        def said() -> bool:
            if text in self.log():
                return True
            if self.status is not None:
                raise AssertionError(f"{self.name} ended with {self.status}:\n{self.log()}")
            return False

        until(said, seconds, f"{self.name} says {text!r}; it said:\n{self.log()[-3000:]}")

    def stop(self) -> None:
        """End it, gently first."""
        if self.status is None:
            # A stopped process takes no SIGTERM.
            self.signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(timeout=12)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()


class Platform:
    """Starts processes of the platform and ends them all after the test."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        self.env = env
        self.processes: list[Process] = []

    def environ(self, **extra: str) -> dict[str, str]:
        """The environment that they run in."""
        own = {
            "DATABASE_URL": database_url(),
            "TOOLKIT_STORAGE_DIR": str(settings.TOOLKIT_STORAGE_DIR),
            "TOOLKIT_ARTIFACT_DIR": str(settings.TOOLKIT_ARTIFACT_DIR),
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **own, **self.env, **extra}

    def start(self, name: str, *command: str, **env: str) -> Process:
        """Start any program of the project's Python: ``-m gunicorn …`` or ``manage.py …``."""
        label = f"{name}-{len(self.processes)}"
        process = Process(label, [sys.executable, *command], self.environ(**env), self.folder)
        self.processes.append(process)
        return process

    def worker(self, *queues: str, **env: str) -> Process:
        """Start a real worker and wait until it listens."""
        names = queues or ("interactive", "high", "default", "low")
        before = _worker_count()
        process = self.start("worker", "manage.py", "rqworker", *names, **env)
        _until_alive(process, lambda: _worker_count() > before, "it is registered")
        return process

    def scheduler(self, **env: str) -> Process:
        """Start a real scheduler and wait until it is the active one."""
        process = self.start("scheduler", "manage.py", "scheduler", **env)
        process.until_says("this scheduler is the active one")
        return process

    def web(self, host: str = "127.0.0.1", **env: str) -> tuple[Process, str]:
        """Start gunicorn and wait until it answers; returns it and its base URL."""
        port = free_port()
        url = f"http://{host}:{port}"
        process = self.start(
            "web", "-m", "gunicorn", "toolbox.wsgi", "--config", "deploy/gunicorn.conf.py",
            "--bind", f"127.0.0.1:{port}", FRONTEND_BASE_URL=url, **env,
        )  # fmt: skip
        _until_alive(process, lambda: _answers(url), "it answers")
        return process, url

    def manage(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE,
            env=self.environ(**env),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def stop(self) -> None:
        """End everything that still runs."""
        for process in reversed(self.processes):
            process.stop()


def _until_alive(process: Process, ready: Any, what: str) -> None:
    def check() -> bool:
        if process.status is not None:
            raise AssertionError(f"{process.name} ended: {process.status}\n{process.log()}")
        return bool(ready())

    until(check, 40, f"{process.name}: {what}\n{process.log()[-3000:]}")


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/livez", timeout=2).ok
    except requests.RequestException:
        return False


def _worker_count() -> int:
    from django_rq import get_connection
    from rq import Worker

    return Worker.count(connection=get_connection("default"))


__all__ = ["BASE", "Platform", "Process", "database_url", "environment", "free_port"]
