"""What holds for every bundled toolkit."""

import json
import os
import re
import subprocess
import sys
import time

import pytest

from tests.bundled.conftest import BUNDLED
from toolkits import lifecycle
from toolkits.bundles import inspection
from toolkits.bundles.install import install_bundle
from toolkits.models import CardState, Toolkit

ROOT = BUNDLED.parents[1]
SLUGS = sorted(path.parent.name for path in BUNDLED.glob("*/toolkit.json"))
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@pytest.mark.parametrize("slug", SLUGS)
def test_its_own_tests_pass_with_the_sdk_alone(slug):
    folder = BUNDLED / slug
    path = os.pathsep.join([str(folder), str(ROOT / "toolkits" / "sdk")])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    command += [
        "-p",
        "no:django",
        "-p",
        "no:xdist",
        "-W",
        "error",
        "--rootdir",
        str(folder),
        "tests",
    ]

    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": path, "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("slug", SLUGS)
def test_it_has_what_a_reader_looks_for(slug):
    folder = BUNDLED / slug
    manifest = json.loads((folder / "toolkit.json").read_text())

    assert manifest["slug"] == slug
    assert f"## {manifest['version']}" in (folder / "CHANGELOG.md").read_text()
    readme = (folder / "docs" / "README.md").read_text()
    assert len(readme) > 500
    assert "](page.png)" in readme
    assert (folder / "docs" / "page.png").read_bytes().startswith(b"\x89PNG")
    assert list((folder / "tests").glob("test_*.py"))


@pytest.mark.parametrize("slug", SLUGS)
def test_its_pins_are_those_of_the_platform_so_that_it_needs_no_index(slug):
    requirements = BUNDLED / slug / "requirements.txt"
    ours = dict(_PIN.findall((ROOT / "requirements.txt").read_text()))

    pinned = dict(_PIN.findall(requirements.read_text())) if requirements.exists() else {}

    assert {name: ours.get(name) for name in pinned} == pinned


@pytest.mark.parametrize("slug", SLUGS)
def test_it_passes_the_check_for_authors(slug):
    assert [str(finding) for finding in inspection.inspect(BUNDLED / slug)] == []


@pytest.mark.django_db
def test_all_install_without_an_index_and_describe_what_people_need(storage, settings):
    settings.TOOLKIT_INDEX = False
    started = time.monotonic()

    for slug in SLUGS:
        described = install_bundle(BUNDLED / slug, user=None, via="cli", bundled=True).description

        for operation in described["operations"]:
            where = f"{slug}.{operation['name']}"
            assert operation["description"], f"{where} has no docstring"
            assert operation["timeout"], f"{where} has no timeout"

    rows = [kind for kind in lifecycle.DATA if kind != "secrets"]
    for toolkit in Toolkit.objects.installed():
        lifecycle.uninstall(toolkit, None, purge=rows)
    assert not Toolkit.objects.installed().exists()
    assert not CardState.objects.exists()
    again = install_bundle(BUNDLED / SLUGS[0], user=None, via="cli", bundled=True)
    assert again.toolkit.removed_at is None

    # A moment each; the rest is room for a machine that is busy with other tests.
    assert time.monotonic() - started < 20 * len(SLUGS)
