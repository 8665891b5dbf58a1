"""Every command that the README and the pages show is run here as it stands there, or has a reason
why it is not. What stands for a value of the reader's own is filled in."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_documents import PAGES
from tests.support.factories import PASSWORD, make_job, make_token
from tests.support.processes import BASE
from toolkits.models import Job, Toolkit

_BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```", re.MULTILINE | re.DOTALL)

#: Commands that are not run here, by how they begin, each with why.
NOT_RUN = {
    "make run": "tests/toolbox/devstack and tests/browser/test_first_run.py run it",
    "make test": "is what runs this",
    "make lint": "continuous integration runs it besides the tests",
    "make bench": "takes half an hour of an idle machine; tests/bench holds what it runs",
    "bao operator raft": "of OpenBao itself, on a cluster with raft storage",
    ".venv/bin/python manage.py backup": "tests/toolbox runs backups and restores",
    ".venv/bin/python manage.py restore": "tests/toolbox runs backups and restores",
    ".venv/bin/python scripts/write_performance.py": "tests/bench/test_page.py writes the page",
    "TOOLKIT_BUNDLE_STORAGE": "settings, not commands",
    ".venv/bin/python manage.py changepassword": "asks at a terminal; it is Django's own",
    ".venv/bin/python manage.py bootstrap_vault --unseal-only": "tests/toolbox/secrets runs it",
    ".venv/bin/python manage.py migrate": "made the database of these tests",
    "toolbox login https://toolbox.example.com --username uma": "asks for the password",
    "var/try/venv/bin/": "tests/sdk/test_package.py installs the SDK and runs a toolkit with it",
    "python3.11 -m venv": "tests/sdk/test_package.py makes one",
    "pip install ./client": "tests/client/test_parts.py installs it",
    "toolbox jobs approve": "asks at a terminal; tests/client/test_live.py answers",
    "toolbox jobs retry": "the sample job has no code to run again; tests/client/test_live.py does",
    "toolbox schedules change": "tests/client/test_schedules.py has a schedule to change",
    "toolbox schedules pause": "tests/client/test_schedules.py has a schedule to pause",
    "toolbox schedules resume": "tests/client/test_schedules.py has a schedule to resume",
    "toolbox schedules run": "tests/client/test_schedules.py has a schedule to run",
    "toolbox schedules delete": "tests/client/test_schedules.py has a schedule to delete",
    "toolbox toolkits install bundle.zip": "asks at a terminal; tests/client/test_live.py answers",
    "toolbox toolkits rollback connectivity": "author.md rolls a toolkit back",
    "toolbox audit verify": "a scheduler answers; tests/audit does without the client",
}
#: Pages whose commands are run each time; test_every_command.py, which takes long, runs all.
FIRST = {"README.md", "quick-start.md", "operator.md", "api.md"}
#: Commands that end otherwise than with 0, and how.
ENDS = {
    # One version was installed: there is none to go back to.
    ".venv/bin/python manage.py toolkit rollback greeter": 1,
    "toolbox jobs cancel JOB --wait": 5,
}


def commands(page: Path) -> Iterator[str]:
    """The commands of a page's shell blocks."""
    for _, block in _BLOCK.findall(page.read_text()):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            line = re.sub(r"\s+#.*$", "", line).strip()  # noqa: PLW2901
            if line and not line.startswith("#"):
                yield line


def skipped(command: str) -> str:
    """Why a command is not run; nothing for one that is."""
    return next((why for begin, why in NOT_RUN.items() if command.startswith(begin)), "")


def test_what_is_not_run_is_still_in_a_page() -> None:
    every = [command for page in PAGES for command in commands(page)]
    unused = [begin for begin in NOT_RUN if not any(each.startswith(begin) for each in every)]
    assert unused == []
    assert set(ENDS) <= set(every)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The project as a checkout with a ``var`` of its own, and ``toolbox`` on the path."""
    root = tmp_path / "checkout"
    root.mkdir()
    for entry in BASE.iterdir():
        if entry.name not in {"var", ".git"}:
            (root / entry.name).symlink_to(entry)
    (root / "var").mkdir()
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "toolbox"
    script.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m toolbox_cli \"$@\"\n")
    script.chmod(0o755)
    return root


def test_the_commands_of_the_first_pages_work(
    checkout: Path, platform: Any, admin_user: Any, openbao: Any
) -> None:
    run([page for page in PAGES if page.name in FIRST], checkout, platform, admin_user)


def run(pages: list[Path], checkout: Path, platform: Any, admin_user: Any) -> None:
    """Run every command of ``pages`` and fail with those that do not do what they should."""
    bundled = BASE / "toolkits" / "bundled" / "connectivity"
    assert platform.manage("toolkit", "install", str(bundled)).returncode == 0
    url = platform.web(API_RATE_SIGN_IN="0")[1]
    platform.worker()
    job = make_job(Toolkit.objects.get(slug="connectivity"), admin_user, state="succeeded")
    env = {
        **platform.environ(),
        "PATH": f"{checkout.parent / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(checkout.parent),
        "PYTHONPATH": str(BASE / "client"),
        "TOOLBOX_CONFIG": str(checkout.parent / "toolbox.json"),
        "TOKEN": make_token(admin_user)[1],
        "PASSWORD": PASSWORD,
        "TOOLBOX_URL": url,
        "TOOLBOX_TOKEN": make_token(admin_user)[1],
    }
    failed = []
    for page in pages:
        shell = []
        for command in commands(page):
            if skipped(command):
                continue
            filled = _filled(command, url, str(job.pk))
            # What a page sets, its later lines use.
            if re.match(r"[A-Z_]+=", filled):
                shell.append(filled)
                continue
            script = "\n".join([*shell, filled])
            done = subprocess.run(
                ["bash", "-c", script], cwd=checkout, env=env, capture_output=True, text=True,
                timeout=180, check=False, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            if done.returncode != ENDS.get(command, 0):
                failed.append(f"{page.name}: {command}\n{done.returncode} {done.stderr[-1500:]}")
    assert not failed, "\n\n".join(failed)
    assert Job.objects.filter(operation="check", requested_via="cli").exists()


def _filled(command: str, url: str, job: str) -> str:
    """A command with what stands for the reader's own values."""
    for shown, real in (
        ("http://127.0.0.1:8000", url), ("https://toolbox.example.com", url),
        ('"username": "admin"', '"username": "ada"'),
        ('"password": "…"', f'"password": "{PASSWORD}"'),
        ("--username uma", "--username ada"), (" --otp 123456", ""), ("curl -s ", "curl -sf "),
    ):  # fmt: skip
        command = command.replace(shown, real)
    command = re.sub(r"\bJOB\b", job, command)
    if command.startswith("toolbox login") and "--" not in command:
        command = f"printf '%s\\n' \"$TOKEN\" | {command} --token-stdin"
    return re.sub(r"^python ", f"{sys.executable} ", command)
