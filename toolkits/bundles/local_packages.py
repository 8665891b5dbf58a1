"""Packages of the platform's own environment, copied for toolkits that pin the very same.

A toolkit whose pins are all installed here already needs no index and no download: its
environment is a copy, made in a moment, also on a machine that is cut off.
"""

from __future__ import annotations

import re
import shutil
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(\[[^\]]*\])?\s*===?\s*([^\s;*]+)")


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lines: list[str]) -> dict[str, str] | None:
    """Names and versions of plain pins; None where a line asks for more than that."""
    found = {}
    for line in lines:
        match = _PIN.match(line)
        if match is None or match.group(2):
            return None
        found[_key(match.group(1))] = match.group(3)
    return found


def available(wanted: dict[str, str], beside: set[str]) -> list[metadata.Distribution] | None:
    """The installed distributions that ``wanted`` pins; None unless all are here.

    All means what they require too: named in ``wanted`` or in ``beside``, which is on the
    toolkit's path anyway.
    """
    known = set(wanted) | set(map(_key, beside))
    found = []
    for name, version in wanted.items():
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            return None
        if distribution.version != version or not _closed(distribution, known):
            return None
        found.append(distribution)
    return found


def _closed(distribution: metadata.Distribution, known: set[str]) -> bool:
    for line in distribution.requires or []:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            return False
        needed = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if needed and _key(requirement.name) not in known:
            return False
    return True


def copy(distribution: metadata.Distribution, target: Path) -> None:
    """Copy a distribution's files as an installer would lay them out in ``target``."""
    for file in distribution.files or []:
        # Scripts lie above the folder; compiled files would carry the paths they came from.
        if ".." in file.parts or file.suffix == ".pyc":
            continue
        place = target / file
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), place)
