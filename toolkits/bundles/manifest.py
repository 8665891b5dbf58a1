"""The manifest: read, checked against its schema, and against the bundle and the platform."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from toolbox import __version__
from toolkits.bundles import jsontext, names, semver
from toolkits.bundles.source import MANIFEST, Bundle
from toolkits.errors import BundleError

# What the SDK's environment holds stands before the bundle's own modules.
_LIBRARIES = frozenset(
    {"toolkit_sdk", "pydantic", "pydantic_core", "requests", "urllib3", "idna", "certifi",
     "charset_normalizer", "annotated_types", "typing_extensions", "typing_inspection",
     "jinja2", "markupsafe"}
)  # fmt: skip


@dataclass(frozen=True)
class Manifest:
    """What ``toolkit.json`` says. ``data`` is all of it."""

    slug: str
    name: str
    version: str
    description: str
    entry: str
    icon: str
    data: dict[str, Any]
    categories: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


@cache
def schema() -> dict[str, Any]:
    """The published JSON Schema of manifests."""
    loaded: dict[str, Any] = json.loads(
        Path(__file__).with_name("manifest.schema.json").read_text()
    )
    return loaded


def read(bundle: Bundle) -> Manifest:
    """Return the bundle's manifest. Raises ``BundleError`` that names every error's place."""
    data = jsontext.parse(bundle.read(MANIFEST), MANIFEST)
    errors = sorted(Draft202012Validator(schema()).iter_errors(data), key=lambda e: e.json_path)
    problems = [f"{error.json_path}: {error.message}" for error in errors]
    problems = problems or _check_slug(data) + _check_version(data) + _check_requires(
        data
    ) + _check_entry(data, bundle)
    if problems:
        raise BundleError("; ".join(problems)[:2000], where=MANIFEST)
    return Manifest(
        slug=data["slug"],
        name=data["name"],
        version=data["version"],
        description=data.get("description", ""),
        entry=data.get("entry", ""),
        icon=data.get("icon", ""),
        categories=data.get("categories", []),
        tags=data.get("tags", []),
        data=data,
    )


def _check_slug(data: dict[str, Any]) -> list[str]:
    taken = data["slug"] in names.RESERVED_SLUGS
    return [f"$.slug: {data['slug']!r} is a word of the platform"] if taken else []


def _check_version(data: dict[str, Any]) -> list[str]:
    try:
        semver.key(data["version"])
    except ValueError as error:
        return [f"$.version: {error}"]
    return []


def _check_requires(data: dict[str, Any]) -> list[str]:
    wanted = data["requires"]["toolbox"]
    try:
        fits = SpecifierSet(wanted).contains(__version__)
    except InvalidSpecifier:
        return [f"$.requires.toolbox: {wanted!r} is not a range such as '>=1.0,<2'"]
    return [] if fits else [f"$.requires.toolbox: needs {wanted}, but this is {__version__}"]


def _check_entry(data: dict[str, Any], bundle: Bundle) -> list[str]:
    entry = data.get("entry")
    if not entry:
        return []
    top = entry.partition(".")[0]
    if top in sys.stdlib_module_names or top in _LIBRARIES:
        return [f"$.entry: {top} is the name of a module that is there already"]
    path = entry.replace(".", "/")
    if f"{path}.py" in bundle.sizes or f"{path}/__init__.py" in bundle.sizes:
        return []
    return [f"$.entry: the bundle holds neither {path}.py nor {path}/__init__.py"]
