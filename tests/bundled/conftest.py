"""The bundled toolkits as installed, and as importable packages for tests with a fake context."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.kits import run_here
from toolkits.bundles.install import install_bundle
from toolkits.models import Job, Toolkit

BUNDLED = Path(__file__).resolve().parents[2] / "toolkits" / "bundled"
for folder in sorted(BUNDLED.iterdir()):
    if (folder / "toolkit.json").is_file():
        sys.path.append(str(folder))


# After the paths are there: these fixtures are of a bundle's own classes.
from tests.bundled.zabbix_servers import standin, unique, zabbix, zabbix_itself  # noqa: E402

__all__ = ["standin", "unique", "zabbix", "zabbix_itself"]


@pytest.fixture
def bundled(storage: Path, db: None) -> Callable[[str], Toolkit]:
    """Install a bundled toolkit by its slug, as the platform does at its first start."""

    def install(slug: str) -> Toolkit:
        version = install_bundle(BUNDLED / slug, user=None, via="cli", bundled=True)
        return Toolkit.objects.select_related("active_version").get(pk=version.toolkit_id)

    return install


@pytest.fixture
def run(bundled: Callable[[str], Toolkit], valkey: Any, user: Any) -> Callable[..., Job]:
    """Run an operation of a bundled toolkit in a real runner: ``run("regex", "test", {…})``."""

    def execute(
        slug: str, operation: str, inputs: dict[str, Any] | None = None, **more: Any
    ) -> Job:
        return run_here(bundled(slug), user, operation, inputs or {}, **more)

    return execute
