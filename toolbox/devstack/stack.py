"""Starts the parts in order, watches them, and stops them."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TextIO

import requests

from toolbox.devstack import isolation, layout, openbao, pidfile, ports, valkey
from toolbox.devstack.children import Child, until
from toolbox.devstack.layout import DevstackError

_STOP_SECONDS = 12.0


class Stack:
    """The whole embedded stack. ``run`` returns the exit status."""

    def __init__(self, base: Path, var: Path, bind: str, port: int, out: TextIO) -> None:
        self.base, self.var, self.bind, self.port, self.out = base, var, bind, port, out
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self._values_path = var / "devstack.env"
        self._lock = threading.Lock()

    def say(self, who: str, text: str) -> None:
        """Print one short line."""
        with self._lock:
            self.out.write(f"{time.strftime('%H:%M:%S')}  {who:<12} {text}\n")
            self.out.flush()

    def run(self) -> int:
        """Start everything, wait for Ctrl-C or for a part to end, and stop everything."""
        os.umask(0o077)
        layout.prepare(self.var)
        pidfile.take(self.var / "devstack.pid")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked)
        try:
            self._start()
            return self._watch()
        except KeyboardInterrupt:
            return 0
        finally:
            self._stop()
            pidfile.release(self.var / "devstack.pid")

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if not self.stopping.is_set():
            self.stopping.set()
            raise KeyboardInterrupt

    def _start(self) -> None:
        self.kept = layout.read_values(self._values_path)
        self.values = {"APP_ENV": "development"}
        self.values["AUTH_JWT_SECRET"] = self.kept.get("AUTH_JWT_SECRET") or secrets.token_hex(32)
        self._start_valkey()
        self._start_openbao()
        runner, told = isolation.choose(self.var / "toolkits")
        self.values |= runner
        self.say("runners", told)
        port = ports.first_free(self.port, self.bind)
        if port != self.port:
            self.say("web", f"port {self.port} is taken; using {port}")
        shown = "127.0.0.1" if self.bind in ("0.0.0.0", "::") else self.bind  # noqa: S104
        self.url = f"http://{shown}:{port}"
        self.values["FRONTEND_BASE_URL"] = os.environ.get("FRONTEND_BASE_URL") or self.url
        if self._external("FRONTEND_BASE_URL") is None:
            self.values["FRONTEND_BASE_URL"] = self.url
        layout.write_values(self._values_path, self.values)
        self._manage("migrate", "--verbosity", "0", said="database is up to date")
        password = self._administrator()
        self._install_bundled()
        self._start_services(port)
        self._tell_how(password)

    def _external(self, name: str) -> str | None:
        """A setting from outside: not the one that this stack wrote the last time."""
        value = os.environ.get(name)
        return value if value and value != self.kept.get(name) else None

    def _spawn(self, name: str, command: list[str]) -> Child:
        log = self.var / "log" / f"{name}.log"
        child = Child(name, command, self._env(), self.base, log, self.say)
        self.children.append(child)
        return child

    def _env(self) -> dict[str, str]:
        own = {"TOOLBOX_VAR_DIR": str(self.var), "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **self.values, **own}

    def _start_valkey(self) -> None:
        if url := self._external("REDIS_URL"):
            self.values["REDIS_URL"] = url
            self.say("valkey", "using REDIS_URL")
            return
        port = ports.kept_or_free(self.kept.get("DEVSTACK_VALKEY_PORT"))
        password = self.kept.get("DEVSTACK_VALKEY_PASSWORD") or secrets.token_hex(24)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        child = self._spawn("valkey", valkey.command(self.var / "valkey", port, password))
        if not until(lambda: valkey.answers(url), child, 15):
            raise self._failed(child)
        self.values |= {
            "REDIS_URL": url,
            "DEVSTACK_VALKEY_PORT": str(port),
            "DEVSTACK_VALKEY_PASSWORD": password,
        }
        self.say("valkey", f"listens on 127.0.0.1:{port}")

    def _start_openbao(self) -> None:
        if self._external("VAULT_ADDR"):
            self.say("openbao", "using VAULT_ADDR")
            return
        port = ports.kept_or_free(self.kept.get("DEVSTACK_OPENBAO_PORT"))
        folder, addr = self.var / "openbao", f"http://127.0.0.1:{port}"
        child = self._spawn("openbao", openbao.command(folder, port))
        if not until(lambda: openbao.answers(addr), child, 30):
            raise self._failed(child)
        self.values |= openbao.make_ready(folder, addr)
        self.values["DEVSTACK_OPENBAO_PORT"] = str(port)
        self.say("openbao", f"listens on 127.0.0.1:{port}, unsealed")

    def _manage(self, *arguments: str, said: str = "") -> str:
        done = subprocess.run(
            [sys.executable, str(self.base / "manage.py"), *arguments],
            env=self._env(),
            cwd=self.base,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = "\n".join(done.stderr.strip().splitlines()[-8:])
            raise DevstackError(f"manage.py {arguments[0]} failed:\n{last}")
        if said:
            self.say("setup", said)
        return done.stdout.strip()

    def _administrator(self) -> str:
        arguments = ("--username", "admin", "--email", "admin@localhost", "--generate")
        return self._manage("bootstrap_admin", *arguments)

    def _install_bundled(self) -> None:
        manifests = sorted((self.base / "toolkits" / "bundled").glob("*/toolkit.json"))
        folders = [str(manifest.parent) for manifest in manifests]
        try:
            said = self._manage("toolkit", "install", "--bundled", *folders)
        except DevstackError as error:
            # A newer or changed version may be installed on purpose.
            said = str(error)
        for line in said.splitlines():
            self.say("toolkits", line[-300:])

    def _start_services(self, port: int) -> None:
        manage = [sys.executable, str(self.base / "manage.py")]
        bind = f"[{self.bind}]:{port}" if ":" in self.bind else f"{self.bind}:{port}"
        config = str(self.base / "deploy" / "gunicorn.conf.py")
        gunicorn = [sys.executable, "-m", "gunicorn", "toolbox.wsgi"]
        web = self._spawn("web", [*gunicorn, "--config", config, "--bind", bind])
        self._spawn("interactive", [*manage, "rqworker", "interactive"])
        self._spawn("worker", [*manage, "rqworker", "high", "default", "low"])
        self._spawn("scheduler", [*manage, "scheduler"])
        if not until(self._web_answers, web, 60):
            raise self._failed(web)

    def _web_answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/livez", timeout=2).ok
        except requests.RequestException:
            return False

    def _failed(self, child: Child) -> DevstackError:
        status = child.process.poll()
        how = f"ended with status {status}" if status is not None else "does not answer"
        return DevstackError(
            f"{child.name} {how}. Its log, {child.log}, ends:\n{child.last_lines()}"
        )

    def _tell_how(self, password: str) -> None:
        lines = ["", f"  SRE Toolbox is ready at {self.url}"]
        if password:
            lines.append(f"  Sign in as admin with the password {password}")
            lines.append("  (shown this once; change it under Account)")
        else:
            lines.append("  Sign in as before. (A new password: manage.py changepassword admin)")
        lines += [f"  Logs are in {self.var / 'log'}; Ctrl-C stops everything.", "", ""]
        with self._lock:
            self.out.write("\n".join(lines))
            self.out.flush()

    def _watch(self) -> int:
        while not self.stopping.wait(0.5):
            for child in self.children:
                if child.process.poll() is not None:
                    raise self._failed(child)
        return 0

    def _stop(self) -> None:
        self.stopping.set()
        if self.children:
            self.say("stack", "stopping")
        services = [c for c in self.children if c.name not in ("valkey", "openbao")]
        for child in services:
            if child.process.poll() is None:
                child.process.terminate()
        for child in [*services, *(c for c in reversed(self.children) if c not in services)]:
            child.stop(_STOP_SECONDS)
        if self.children:
            self.say("stack", "stopped")
