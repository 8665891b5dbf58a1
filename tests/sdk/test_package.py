"""The SDK as a package of its own: built, installed into an empty environment, and used there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import venv
from email.parser import Parser
from pathlib import Path

import pytest

from tests.support.processes import BASE
from toolkits.bundles.scaffold import scaffold

_NEEDED = {"pydantic", "requests", "jinja2"}


@pytest.fixture(scope="module")
def author(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the SDK alone; what the SDK needs is lent by the platform's."""
    folder = tmp_path_factory.mktemp("author")
    shutil.copytree(
        BASE / "toolkits" / "sdk", folder / "sdk", ignore=shutil.ignore_patterns("build", "*.egg-*")
    )
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = folder.glob("venv/lib/python*/site-packages")
    done = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--quiet",
         "--target", str(site), str(folder / "sdk")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if "setuptools" in done.stderr and done.returncode:
        pytest.skip(f"no package index to fetch setuptools from: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    return folder


def python(author: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    lent = Path(pytest.__file__).parents[1]
    return subprocess.run(
        [author / "venv/bin/python", *map(str, arguments)], cwd=author, timeout=120, check=False,
        env={"PYTHONPATH": str(lent), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
    )  # fmt: skip


def test_the_package_names_what_it_needs_and_has_types(author: Path) -> None:
    (about,) = author.glob("venv/lib/python*/site-packages/toolkit_sdk-*.dist-info/METADATA")
    needed = Parser().parsestr(about.read_text()).get_all("Requires-Dist") or []

    assert {re.split(r"[<>=~!; ]", line)[0].lower() for line in needed} == _NEEDED
    assert (about.parents[1] / "toolkit_sdk" / "py.typed").exists()


def test_a_new_toolkit_is_tested_and_run_with_the_sdk_alone(author: Path) -> None:
    kit = scaffold("greeter", author / "greeter")

    tested = python(author, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:django", kit)
    ran = python(author, "-m", "toolkit_sdk.dev", kit, "hello", "--input", "names=Ada")

    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["rows"] == [{"name": "Ada", "greeting": "Hello, Ada!"}]


def test_what_cannot_be_described_is_told_with_its_line(author: Path) -> None:
    kit = scaffold("broken", author / "broken")
    with (kit / "broken_toolkit.py").open("a") as code:
        code.write("\n\n@toolkit.operation()\ndef odd(ctx: Context, x) -> str: ...\n")

    ran = python(author, "-m", "toolkit_sdk.dev", kit)

    assert ran.returncode == 1
    assert re.search(r"broken_toolkit\.py:\d+: odd: parameter x has no type", ran.stderr)


@pytest.mark.long
def test_a_new_toolkit_passes_a_strict_type_checker(author: Path) -> None:
    kit = scaffold("typed", author / "typed")
    (author / "mypy.ini").write_text("[mypy]\nstrict = True\n")

    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", kit / "typed_toolkit.py"],
        cwd=author, env={"MYPYPATH": str(author / "sdk"), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
