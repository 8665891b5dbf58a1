"""A private PostgreSQL cluster in a temporary folder.

``python -m tests.support.postgres -- COMMAND`` runs a command with ``TEST_DATABASE_URL`` set to
it; ``--available`` only tells whether the server's binaries are here.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit


def binaries() -> Path | None:
    """Return the folder of the server's programs, the newest version first."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3], reverse=True
    )
    if found:
        return found[0].parent
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


def _unprivileged() -> tuple[list[str], int, int]:
    """How to run a program as somebody whom initdb accepts."""
    if os.geteuid() != 0:
        return [], os.getuid(), os.getgid()
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        return ["setpriv", *ids], user.pw_uid, user.pw_gid
    raise SystemExit("PostgreSQL refuses root, and there is no user postgres or nobody.")


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[str]:
    """Run a cluster for a block and give the URL of an empty database.

    ``durable`` keeps PostgreSQL's own defaults, by which a commit is on disk: measurements of
    speed want them and tests in which it crashes, others do not.
    """
    programs = binaries()
    if programs is None:
        raise SystemExit("PostgreSQL's server programs are not here.")
    prefix, uid, gid = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="toolbox-pg-"))
    os.chown(folder, uid, gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, log = folder / "data", folder / "log"
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder)}

    def run(*command: str) -> None:
        done = subprocess.run(
            [*prefix, *command], cwd=folder, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{command[0]} failed: {done.stderr or done.stdout}")

    control = str(programs / "pg_ctl")
    try:
        initdb = ["-D", str(data), "-U", "toolbox", "-A", "trust", "-E", "UTF8", "--no-sync"]
        run(str(programs / "initdb"), *initdb)
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
            "-c max_connections=200"
        )
        if not durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        run(control, "-D", str(data), "-l", str(log), "-w", "-o", options, "start")
        try:
            yield f"postgres://toolbox@127.0.0.1:{port}/postgres"
        finally:
            run(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy(source: str, target: str) -> None:
    """Put everything of one database into another, which is empty."""
    programs = binaries()
    assert programs is not None
    dump = subprocess.run(
        [str(programs / "pg_dump"), "--no-owner", source], capture_output=True, check=True
    )
    subprocess.run(
        [str(programs / "psql"), "-q", "-v", "ON_ERROR_STOP=1", target],
        input=dump.stdout,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def settings_of(url: str) -> dict[str, str]:
    """What Django's settings say of a database at ``url``."""
    found = urlsplit(url)
    return {
        "HOST": found.hostname or "",
        "PORT": str(found.port or ""),
        "NAME": found.path.lstrip("/"),
        "USER": found.username or "",
        "PASSWORD": found.password or "",
    }


def restart(url: str) -> None:
    """Crash the cluster of ``url``, as by a power failure, and start it again."""
    programs = binaries()
    assert programs is not None
    prefix, _, _ = _unprivileged()
    asked = [str(programs / "psql"), "-Atc", "SHOW data_directory", url]
    data = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    command = [str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "-w"]
    command += ["-l", str(Path(data).parent / "log"), "restart"]
    subprocess.run(
        [*prefix, *command], cwd=Path(data).parent, stdout=subprocess.DEVNULL, check=True
    )


def main(arguments: list[str]) -> int:
    if arguments == ["--available"]:
        return 0 if binaries() else 1
    with cluster() as url:
        command = arguments[arguments.index("--") + 1 :]
        return subprocess.call(command, env={**os.environ, "TEST_DATABASE_URL": url})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
