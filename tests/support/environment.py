"""The environment of a test process, set before Django reads its settings.

Each process, also each of pytest-xdist, has a folder, ports and servers of its own. A server
starts when the first test asks for it.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="toolbox-tests-"))
# Runners may be another user, who must get through to the toolkits.
FOLDER.chmod(0o711)
VALKEY_PASSWORD = secrets.token_hex(16)


def _held_port() -> int:
    """A port that stays this process's own until its server starts, minutes later perhaps: a
    socket is bound to it that never listens, beside which servers may bind theirs."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _holders.append(holder)
    return int(holder.getsockname()[1])


_holders: list[socket.socket] = []
VALKEY_PORT, OPENBAO_PORT = _held_port(), _held_port()
VAULT_TOKEN_FILE = FOLDER / "vault-token"

for name in list(os.environ):
    if name.startswith(("VAULT_", "TOOLKIT_", "AUTH_", "BOOTSTRAP_", "REDIS_", "BAO_")):
        del os.environ[name]

os.environ.update(
    APP_ENV="test",
    AUTH_JWT_SECRET=secrets.token_hex(32),
    TOOLBOX_VAR_DIR=str(FOLDER),
    REDIS_URL=f"redis://:{VALKEY_PASSWORD}@127.0.0.1:{VALKEY_PORT}/0",
    VAULT_ADDR=f"http://127.0.0.1:{OPENBAO_PORT}",
    VAULT_TOKEN_FILE=str(VAULT_TOKEN_FILE),
    DATABASE_URL=os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{FOLDER / 'unused.sqlite3'}",
    LOG_LEVEL="INFO",
)

atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
