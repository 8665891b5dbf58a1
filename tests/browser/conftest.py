"""Debian's Chromium, led by Playwright. Screenshots go to ``test-results/``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.processes import BASE

RESULTS = BASE / "test-results"
_ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of a process; skipped loudly where there is none."""
    program = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if program is None:
        pytest.skip("no Chromium: install Debian's chromium to run the browser tests")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a new context. The test fails on an error in its console or a failed request."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    made = context.new_page()
    wrong: list[str] = []
    made.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on(
        "requestfailed",
        # A stream that the page closes, or that a new page ends, is no failure.
        lambda r: None if r.url.endswith("/events/") else wrong.append(f"{r.url}: {r.failure}"),
    )
    yield made
    context.close()
    assert wrong == []


@pytest.fixture
def shot(page: Page, request: pytest.FixtureRequest):
    """Keep a screenshot: ``shot("dashboard")``."""

    def take(name: str) -> Path:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{request.node.name}-{name}.png"
        page.screenshot(path=path, full_page=True)
        return path

    return take
