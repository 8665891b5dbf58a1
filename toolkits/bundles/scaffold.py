"""A new toolkit's folder: small, working and tested. The sample toolkit shows the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path

from toolbox import __version__
from toolkits.bundles import manifest, names
from toolkits.errors import BundleError

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")

_CODE = '''"""{name}: what it can do."""

from typing import Annotated

from pydantic import Field
from toolkit_sdk import Context, Settings, Toolkit, views

toolkit = Toolkit()


@toolkit.settings
class Config(Settings):
    """Edited by a curator in the console. Every setting needs a default."""

    greeting: str = "Hello"


@toolkit.operation(title="Say hello", effect="read", timeout=60)
def hello(
    ctx: Context,
    names: Annotated[list[str], Field(description="Whom to greet", min_length=1)],
) -> views.Table:
    """Greet everybody in turn. Types become the form, the API and the command line."""
    rows = []
    for _, name in ctx.progress(names, label="Greeting"):
        ctx.log.info("greeting %s", name)
        rows.append({{"name": name, "greeting": f"{{ctx.settings.greeting}}, {{name}}!"}})
    return views.Table(columns=["name", "greeting"], rows=rows)
'''
_TEST = '''"""Run with ``pytest`` in this folder; the SDK is all that is needed."""

import pytest
from toolkit_sdk.testing import InvalidInputs, fake_context

from {module} import toolkit


def test_everybody_is_greeted_as_the_settings_say():
    ctx = fake_context(toolkit, settings={{"greeting": "Moin"}})

    table = ctx.run("hello", names=["Ada", "Grace"])

    assert [row["greeting"] for row in table.rows] == ["Moin, Ada!", "Moin, Grace!"]
    assert ctx.logs == ["greeting Ada", "greeting Grace"]


def test_nobody_to_greet_is_refused_at_the_field():
    with pytest.raises(InvalidInputs) as caught:
        fake_context(toolkit).run("hello", names=[])

    assert "names" in caught.value.errors
'''
_README = """# {name}

**Say hello** greets everybody in turn.

- *Names*: whom to greet, one or more.

The greeting itself is a setting, which a curator edits.
"""
_CHANGELOG = """# Changelog

## 0.1.0

- The first version.
"""


_SAMPLE = Path(__file__).resolve().parents[1] / "bundled" / "sample-toolkit"


def scaffold(slug: str, folder: Path, name: str = "", *, full: bool = False) -> Path:
    """Write a working, tested toolkit to ``folder`` and return it. Overwrites nothing.

    With ``full`` it is the sample toolkit, one of everything, under the new name.
    """
    if not _SLUG.fullmatch(slug) or slug in names.RESERVED_SLUGS:
        raise BundleError(
            f"{slug!r} is not a name for a toolkit",
            hint="Use lower-case letters, digits, hyphens and underscores.",
        )
    if folder.exists() and any(folder.iterdir()):
        raise BundleError("there is something already", where=str(folder), hint="Choose another.")
    title = name or slug.replace("-", " ").replace("_", " ").capitalize()
    module = re.sub(r"\W", "_", slug)
    module = module if module[0].isalpha() else f"kit_{module}"
    if not module.endswith("_toolkit"):
        module = f"{module}_toolkit"
    files = _renamed_sample(slug, title, module) if full else _files(slug, title, module)
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


def _renamed_sample(slug: str, title: str, module: str) -> dict[str, str]:
    """The sample toolkit's files, all but its picture, with its names replaced."""
    found = {"tests/conftest.py": _CONFTEST}
    for path in sorted(_SAMPLE.rglob("*")):
        if path.suffix not in {".py", ".md", ".json", ".txt"} or "__pycache__" in path.parts:
            continue
        place = path.relative_to(_SAMPLE).as_posix().replace("sample_toolkit", module)
        text = path.read_text().replace("sample_toolkit", module).replace("sample-toolkit", slug)
        found[place] = re.sub(r"^!\[.*\]\(page\.png\)\n\n", "", text, flags=re.MULTILINE)
    data = {**json.loads(found["toolkit.json"]), "name": title, "version": "0.1.0"}
    found["toolkit.json"] = json.dumps(data, indent=2) + "\n"
    found["CHANGELOG.md"] = _CHANGELOG
    return found


def _files(slug: str, title: str, module: str) -> dict[str, str]:
    data = {
        "$schema": str(manifest.schema()["$id"]),
        "manifest_version": 1,
        "slug": slug,
        "name": title,
        "version": "0.1.0",
        "description": "One line for lists and cards.",
        "requires": {"toolbox": f">={__version__.partition('.')[0]}.0"},
        "entry": module,
        "permissions": {"network": False},
        "categories": [],
        "icon": "tools",
    }
    return {
        "toolkit.json": json.dumps(data, indent=2) + "\n",
        f"{module}.py": _CODE.format(name=title),
        "tests/conftest.py": _CONFTEST,
        f"tests/test_{module}.py": _TEST.format(module=module),
        "docs/README.md": _README.format(name=title),
        "CHANGELOG.md": _CHANGELOG,
    }


_CONFTEST = '''"""Lets the tests import the toolkit from the folder above."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
'''
