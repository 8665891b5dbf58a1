"""The catalog and the list of processes in a browser: readable, accessible, narrow and wide."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.console import OpenConsole
from tests.support import until
from toolkits import processes
from toolkits.models import Catalog, Toolkit

_NEWER = {
    "version": "99.0.0",
    "url": "https://catalog.example/newer.zip",
    "digest": "",
    "changelog": "## 99.0.0\n\n- Says hello **faster**.\n- A [link](https://example.com).",
    "requires": "",
    "fits": True,
}


def entry(slug: str, name: str, *versions: dict[str, Any], problem: str = "") -> dict[str, Any]:
    about = "What it does, in a line that is long enough to show how cards break it."
    texts = {"name": name, "description": about, "icon": "tools", "docs": "", "problem": problem}
    return {
        "slug": slug, **texts, "categories": ["Networking", "Hosts"], "tags": [],
        "versions": list(versions),
    }  # fmt: skip


@pytest.fixture
def catalog(sample: Toolkit) -> Catalog:
    entries = [
        entry("sample-toolkit", "Sample toolkit", _NEWER),
        entry("dns", "DNS inspector", {**_NEWER, "version": "1.4.0"}),
        entry("old", "Made for another platform", problem="It is made for another runtime."),
    ]
    return Catalog.objects.create(
        name="Team", url="https://catalog.example/c.json", entries=entries, error="it is away"
    )


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1440), ("light", 360)])
def test_the_catalog_is_readable_and_updates(
    catalog: Catalog, open_console: OpenConsole, scheme: str, width: int
) -> None:
    console = open_console("ada", color_scheme=scheme, width=width)
    page = console.open("/catalog/")

    page.locator("#catalog-grid details summary").first.click()
    console.shot(f"catalog-{scheme}-{width}")
    assert console.axe() == []
    assert console.overflow() <= 0
    assert page.get_by_role("button", name="Install DNS inspector").is_visible()
    until(lambda: any(one.kind == "web" for one in processes.known()), 60, "the web process tells")
    console.open("/admin/toolkits/processes/")
    console.shot(f"processes-{scheme}-{width}")
    assert console.axe(ours=False) == []
    assert console.overflow() <= 0

    page = console.open("/catalog/")
    page.get_by_role("button", name="Update 1 toolkit").click()
    page.wait_for_selector("text=1 update has begun")
    assert page.get_by_role("link", name="Under way").is_visible()
