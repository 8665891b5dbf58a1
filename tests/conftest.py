"""Fixtures for every test. What a test asks for decides its marker: see ``_MARKS``."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from accounts.models import User
from accounts.roles import CORE_ROLES, TOOLKIT_CURATOR, TOOLKIT_USER
from tests.support import environment, kits, servers, trail, unaudited
from tests.support.devstack import Stack
from tests.support.factories import make_user
from tests.support.processes import Platform
from toolbox import secrets

_MARKS = {
    "valkey": "servers", "openbao": "servers", "platform": "servers", "run_worker": "servers",
    "live_web": "servers", "start": "servers", "page": "browser", "browser": "browser",
}  # fmt: skip


#: Modules that take minutes: `make test-long` runs them.
_LONG = {
    "test_every_command.py", "test_every_page.py", "test_million_rows.py", "test_schema_fuzz.py",
}  # fmt: skip


#: Fixtures by which a test asks for the database.
_DATABASES = {"db", "transactional_db"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name in _LONG:
            item.add_marker("long")
        wanted = set(getattr(item, "fixturenames", ()))
        for fixture, mark in _MARKS.items():
            if fixture in wanted:
                item.add_marker(mark)
                item.add_marker("servers")
        if wanted & _DATABASES or item.get_closest_marker("django_db"):
            item.add_marker("database")


@pytest.fixture(autouse=True)
def _no_act_without_an_event() -> Iterator[None]:
    """Fail a test one of whose requests changed something that the audit trail knows not of."""
    with unaudited.watched() as found:
        yield
    assert not found, f"emit an event in the transaction of each: {found}"


@pytest.fixture(scope="session", autouse=True)
def _flush_past_the_audit_triggers() -> None:
    trail.let_flush_through()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """On SQLite the database is a file, because other processes of a test read it too."""
    database = django_settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        database.setdefault("TEST", {})["NAME"] = str(environment.FOLDER / "test.sqlite3")


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[servers.Valkey]:
    server = servers.session_valkey()
    with servers.running(server):
        yield server


@pytest.fixture(scope="session")
def openbao_server() -> Iterator[servers.OpenBao]:
    server = servers.session_openbao()
    with servers.running(server):
        server.make_ready()
        servers.write_token(server)
        yield server


@pytest.fixture
def valkey(valkey_server: servers.Valkey) -> Iterator[servers.Valkey]:
    """A real Valkey, empty at the start of each test."""
    if not valkey_server.answers():
        valkey_server.start()
    valkey_server.client().flushall()
    yield valkey_server
    if not valkey_server.answers():
        valkey_server.start()


@pytest.fixture
def openbao(openbao_server: servers.OpenBao) -> Iterator[servers.OpenBao]:
    """A real OpenBao, unsealed; secrets of earlier tests may be in it."""
    if not openbao_server.answers():
        openbao_server.start()
    openbao_server.make_ready()
    secrets.client.cache_clear()
    yield openbao_server
    secrets.client.cache_clear()


@pytest.fixture
def storage() -> Iterator[Path]:
    """The toolkit storage, without what the test put into it afterwards."""
    root: Path = django_settings.TOOLKIT_STORAGE_DIR
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    yield root
    for entry in root.iterdir():
        # Environments cost seconds to make, and their names hold their digest.
        if entry.name != ".environments":
            shutil.rmtree(entry, ignore_errors=True)
    shutil.rmtree(django_settings.TOOLKIT_ARTIFACT_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def _end_runners() -> Iterator[None]:
    yield
    from toolkits import versions
    from toolkits.jobs.recovery import reaper
    from toolkits.notify import outbox
    from toolkits.runtime import worker_state

    worker_state.pool().close()
    # The next test's rows have the ids of this one's.
    versions.forget()
    outbox.forget()
    reaper.forget()


@pytest.fixture(autouse=True)
def _open_for_business(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform is open, and tests that count queries count none for that."""
    from toolkits import maintenance

    monkeypatch.setattr(maintenance, "KEPT_SECONDS", 1e9)
    monkeypatch.setattr(maintenance, "_known", (time.monotonic(), None))


@pytest.fixture
def clear_cache(valkey: servers.Valkey) -> None:
    cache.clear()


@pytest.fixture
def make_toolkit(tmp_path: Path) -> Callable[..., Path]:
    """Write a bundle's folder: ``make_toolkit(code, slug=…, **manifest)``."""

    def make(code: str = kits.HELLO, **manifest: Any) -> Path:
        return kits.write_kit(tmp_path, code, **manifest)

    return make


@pytest.fixture
def install(tmp_path: Path, storage: Path, db: None) -> Callable[..., Any]:
    """Write and install a bundle: ``install(code, slug=…, **manifest)`` → ``Toolkit``."""

    def run(code: str = kits.HELLO, **manifest: Any) -> Any:
        return kits.install_kit(tmp_path, code, **manifest)

    return run


@pytest.fixture
def user(db: None) -> User:
    return make_user("uma", roles=[TOOLKIT_USER])


@pytest.fixture
def curator(db: None) -> User:
    return make_user("carl", roles=[TOOLKIT_CURATOR])


@pytest.fixture
def admin_user(db: None) -> User:
    """A system administrator who has every core role, as the first one has."""
    return make_user("ada", roles=list(CORE_ROLES))


@pytest.fixture
def platform(
    transactional_db: None,
    valkey: servers.Valkey,
    openbao: servers.OpenBao,
    storage: Path,
    tmp_path: Path,
) -> Iterator[Platform]:
    """Starts real processes: ``platform.worker()``, ``.scheduler()``, ``.web()``, ``.manage()``."""
    folder = tmp_path / "processes"
    folder.mkdir()
    made = Platform(folder)
    yield made
    made.stop()


@pytest.fixture
def start() -> Iterator[Callable[..., Stack]]:
    """Start a devstack: ``start(project folder, var folder, *options)``; it ends with the test."""
    started: list[Stack] = []

    def run(*arguments: Any) -> Stack:
        started.append(Stack(*arguments))
        return started[-1]

    yield run
    for stack in started:
        stack.interrupt()


@pytest.fixture
def run_worker(platform: Platform) -> Any:
    """A real worker on all queues."""
    return platform.worker()


@pytest.fixture
def live_web(platform: Platform) -> str:
    """The base URL of a real gunicorn."""
    return platform.web()[1]
