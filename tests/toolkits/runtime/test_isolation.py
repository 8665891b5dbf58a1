"""Toolkit code that goes looking for the platform's own secrets finds none of them."""

from __future__ import annotations

import os

import pytest
from toolkit_sdk.runner import landlock

from tests.support import environment, until
from tests.support.kits import run_here
from toolbox.devstack import isolation
from toolkits.jobs.dispatch import submit
from toolkits.models import Job

SPY = """
@toolkit.operation(timeout=60)
def spy(ctx: Context, files: list[str]) -> dict[str, Any]:
    import importlib, pathlib
    found = {"environ": dict(os.environ), "uid": os.getuid(), "argv": sys.argv}
    def read(path):
        try:
            return pathlib.Path(path).read_bytes().decode(errors="replace")[:20000]
        except OSError as error:
            return f"refused: {type(error).__name__}"
    pid = os.getppid()
    found["parent_environ"] = read(f"/proc/{pid}/environ")
    found["parent_memory"] = read(f"/proc/{pid}/mem")
    found["own_environ"] = read("/proc/self/environ")
    found["files"] = {path: read(path) for path in files}
    try:
        from django.conf import settings
        found["django"] = str(settings.SECRET_KEY)
    except Exception as error:
        found["django"] = f"refused: {type(error).__name__}"
    found["descriptors"] = sorted(
        os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
        if os.path.islink(f"/proc/self/fd/{fd}")
    )
    try:
        os.kill(pid, 0)
        found["signal"] = "allowed"
    except OSError as error:
        found["signal"] = f"refused: {type(error).__name__}"
    return found
"""


def platform_secrets() -> list[str]:
    """Values of which not one may reach toolkit code."""
    token = environment.VAULT_TOKEN_FILE.read_text()
    return [os.environ["AUTH_JWT_SECRET"], environment.VALKEY_PASSWORD, token]


def looked_for(database: str) -> list[str]:
    return [
        database, str(environment.VAULT_TOKEN_FILE), str(environment.FOLDER / "openbao/keys.json"),
        str(environment.FOLDER / "valkey/valkey.conf"), "/etc/shadow",
    ]  # fmt: skip


def run_spy(platform, install, user, **env: str) -> dict:
    platform.worker(**env)
    toolkit = install(SPY, slug="spy")
    database = platform.environ()["DATABASE_URL"].removeprefix("sqlite:///")
    files = looked_for(database)
    job = submit(toolkit=toolkit, operation="spy", inputs={"files": files}, user=user)
    until(lambda: Job.objects.get(pk=job.pk).is_finished, 30)
    job.refresh_from_db()
    assert job.state == "succeeded", job.reason
    return job.result["data"]


def assert_nothing_found(found: dict) -> None:
    assert all(text.startswith("refused") for text in found["files"].values()), found["files"]
    assert found["parent_environ"].startswith("refused")
    assert found["parent_memory"].startswith("refused")
    assert found["django"].startswith("refused")
    for secret in platform_secrets():
        assert secret not in str(found)
    allowed = {"HOME", "TMPDIR", "PATH", "LANG", "TZ", "TOOLKIT_SLUG", "TOOLKIT_VERSION"}
    allowed |= {"MALLOC_ARENA_MAX"}
    assert {name for name in found["environ"] if not name.startswith("LC_")} <= allowed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run toolkits as another user")
def test_as_another_user_a_toolkit_gets_at_nothing(platform, install, user):
    values, told = isolation.choose(environment.FOLDER / "toolkits")
    if not values:
        pytest.skip(told)

    found = run_spy(platform, install, user, **values)

    assert found["uid"] == int(values["TOOLKIT_RUNNER_UID"])
    assert found["signal"].startswith("refused")
    assert_nothing_found(found)


def test_as_the_platforms_own_user_a_toolkit_gets_at_no_secret(platform, install, user):
    if not landlock.abi():
        pytest.skip("this kernel has no Landlock: preflight says that nothing else separates them")

    assert_nothing_found(run_spy(platform, install, user))


def test_preflight_says_what_is_not_enforced(platform):
    done = platform.manage("preflight")

    assert "a separate uid is NOT enforced" in done.stdout


def test_a_job_finds_nothing_that_another_job_left_in_its_folder(valkey, openbao, install, user):
    toolkit = install(
        """
        @toolkit.operation()
        def leave(ctx: Context) -> list[str]:
            before = os.listdir()
            Path("left-behind").write_text("mine")
            return before
        """
    )

    first, second = run_here(toolkit, user, "leave"), run_here(toolkit, user, "leave")

    assert first.result["data"] == second.result["data"] == []
