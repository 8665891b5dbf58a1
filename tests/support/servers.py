"""Real servers for tests, from the same wheels that the embedded stack uses."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import hvac
import redis

from tests.support import environment
from tests.support.waiting import until
from toolbox.devstack import openbao, valkey
from toolbox.secrets.policy import policy


@dataclass
class Server:
    """A server process. ``stop`` and ``start`` may be used to see what its absence does."""

    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until(self.answers, 30, f"{self.command[0]} answers; its log is {self.log}")

    def answers(self) -> bool:
        raise NotImplementedError

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass
class Valkey(Server):
    """A Valkey server with a password."""

    url: str = ""

    @classmethod
    def make(cls, folder: Path, port: int, password: str) -> Valkey:
        folder.mkdir(parents=True, exist_ok=True)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        return cls(valkey.command(folder, port, password), folder / "log", url)

    def answers(self) -> bool:
        return valkey.answers(self.url)

    def client(self) -> redis.Redis:
        """A client of this server."""
        return redis.Redis.from_url(self.url)


@dataclass
class OpenBao(Server):
    """An OpenBao server with file storage; its root token is at hand."""

    addr: str = ""
    folder: Path = Path()
    root_token: str = ""

    @classmethod
    def make(cls, folder: Path, port: int) -> OpenBao:
        folder.mkdir(parents=True, exist_ok=True)
        command = openbao.command(folder, port)
        return cls(command, folder / "log", f"http://127.0.0.1:{port}", folder)

    def answers(self) -> bool:
        return openbao.answers(self.addr)

    def make_ready(self) -> dict[str, str]:
        """Initialise, unseal and set up; returns the AppRole's settings."""
        values = openbao.make_ready(self.folder, self.addr)
        self.root_token = openbao.read_keys(self.folder)["root_token"]
        return values

    def client(self) -> hvac.Client:
        """A client that may do everything."""
        return hvac.Client(url=self.addr, token=self.root_token, timeout=10)

    def accessor(self) -> str:
        """That of the token auth method, which policies name."""
        return str(self.client().sys.list_auth_methods()["data"]["token/"]["accessor"])

    def platform_token(self, mount: str = "sre") -> str:
        """Return a token with the platform's own policy and nothing more."""
        client = self.client()
        client.sys.create_or_update_policy("toolbox", policy(mount, self.accessor()))
        made = client.auth.token.create(policies=["toolbox"], period="24h")
        return str(made["auth"]["client_token"])


@contextmanager
def running(server: Server) -> Iterator[None]:
    """Start a server for a block."""
    server.start()
    try:
        yield
    finally:
        server.stop()


def session_valkey() -> Valkey:
    """The server that the settings of this test process point at."""
    folder = environment.FOLDER / "valkey"
    return Valkey.make(folder, environment.VALKEY_PORT, environment.VALKEY_PASSWORD)


def session_openbao() -> OpenBao:
    """The server that the settings of this test process point at."""
    return OpenBao.make(environment.FOLDER / "openbao", environment.OPENBAO_PORT)


def write_token(server: OpenBao) -> None:
    """Give the settings' token file a token of the platform."""
    environment.VAULT_TOKEN_FILE.write_text(server.platform_token())
    with suppress(OSError):
        environment.VAULT_TOKEN_FILE.chmod(0o600)
