"""What every measurement stands on: durable PostgreSQL, Valkey, OpenBao, one toolkit, one user."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import environment, postgres

KIT = """
@toolkit.operation(title="Nothing")
def noop(ctx: Context) -> None:
    pass

@toolkit.operation(title="Lines", timeout=600)
def lines(ctx: Context, count: int) -> None:
    text = "x" * 88
    for number in range(count):
        ctx.log.info("%s %010d", text, number)
"""


@dataclass
class Stage:
    """The database, the toolkit and the user that measurements use."""

    toolkit: Any
    user: Any
    platform: Any


@contextlib.contextmanager
def stage(database: str) -> Iterator[Stage]:
    """Set everything up on ``postgresql`` or ``sqlite`` and take it down after the block."""
    with contextlib.ExitStack() as stack:
        if database == "postgresql":
            url = stack.enter_context(postgres.cluster(durable=True))
        else:
            url = f"sqlite:///{environment.FOLDER / 'bench.sqlite3'}"
        os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = "toolbox.settings"
        os.environ["LOG_LEVEL"] = "WARNING"
        os.environ["TOOLKIT_JOB_LOG_MAX_BYTES"] = str(1 << 30)

        import django

        django.setup()
        from django.core.management import call_command

        from tests.support import kits, servers
        from tests.support.factories import make_user
        from tests.support.processes import Platform

        valkey, bao = servers.session_valkey(), servers.session_openbao()
        stack.enter_context(servers.running(valkey))
        stack.enter_context(servers.running(bao))
        bao.make_ready()
        servers.write_token(bao)
        call_command("migrate", verbosity=0)
        folder = Path(tempfile.mkdtemp(prefix="toolbox-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        made = Platform(folder)
        stack.callback(made.stop)
        user = make_user("bench", roles=["toolkit.user", "toolkit.curator"])
        yield Stage(kits.install_kit(folder, KIT, slug="bench"), user, made)
