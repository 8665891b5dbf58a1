"""Debian's Chromium, led by Playwright. Screenshots go to ``test-results/``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from accounts.models import User
from tests.browser.console import Console, OpenConsole, cut_off
from tests.support.processes import BASE
from toolkits.bundles.install import install_bundle
from toolkits.lifecycle import enable
from toolkits.models import Toolkit

RESULTS = BASE / "test-results"
_ARGUMENTS = [
    "--no-sandbox", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _let_django_work_beside_playwright() -> Iterator[None]:
    # Playwright's synchronous API runs an event loop in this thread.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module; skipped loudly where there is none.

    Not one for the whole process: while Playwright runs, its event loop does too, and tests
    elsewhere start their own.
    """
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
        lambda r: None if cut_off(r) else wrong.append(f"{r.url}: {r.failure}"),
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


@pytest.fixture
def sample(live_web: str, admin_user: User) -> Toolkit:
    """The sample toolkit that ships with the platform, installed and enabled."""
    folder = BASE / "toolkits" / "bundled" / "sample-toolkit"
    version = install_bundle(folder, user=admin_user, via="cli")
    toolkit = Toolkit.objects.get(pk=version.toolkit_id)
    enable(toolkit, admin_user)
    return toolkit


@pytest.fixture
def open_console(browser: Browser, live_web: str) -> Iterator[OpenConsole]:
    """Open a console: ``open_console("ada", color_scheme="light", width=360)``.

    Whatever went wrong behind its pages fails the test at its end.
    """
    opened: list[Console] = []

    def make(username: str = "", *, width: int = 1440, **options: Any) -> Console:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        console = Console(context, live_web)
        opened.append(console)
        if username:
            console.sign_in(username)
        return console

    yield make
    problems = [problem for console in opened for problem in console.problems]
    for console in opened:
        console.context.close()
    assert problems == []


@pytest.fixture
def console(open_console: OpenConsole, admin_user: User) -> Console:
    """A console on a desk, with the administrator signed in."""
    return open_console(admin_user.username)
